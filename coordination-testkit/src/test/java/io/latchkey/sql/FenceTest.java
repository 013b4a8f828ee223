package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** A transaction that fenced itself with a token keeps the lock from others until it ends, and hinders nobody. */
final class FenceTest extends SqlTest {
    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK001"));
    }

    /** An open transaction of the holder of x. */
    private Party fencing(long token) throws SQLException {
        Party transaction = connect();
        transaction.begin();
        transaction.fence("x", token);
        return transaction;
    }

    @Test
    void fence_openAfterRelease_keepsTheLockFromOthersUntilCommit() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = fencing(token);
        assertThat(a.release("x", token)).isEqualTo("released");
        assertThat(b.tryAcquire("x", 2).outcome()).isEqualTo("held");
        Reply queued = b.acquire("x", 3);
        assertThat(queued.outcome()).isEqualTo("queued");
        assertThat(queued.retryMs()).isEqualTo(20);
        assertThat(admin.settle("x")).isEqualTo("fenced");
        assertThat(holder("x")).isEqualTo("none");
        transaction.commit();
        assertThat(admin.settle("x")).isEqualTo("granted");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void release_underOpenFence_handsOverOnlyAfterTheTransaction() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        Party transaction = fencing(token);
        assertThat(a.release("x", token)).isEqualTo("fenced");
        assertThat(admin.settle("x")).isEqualTo("fenced");
        transaction.rollback();
        assertThat(admin.settle("x")).isEqualTo("granted");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void fence_open_letsEveryOtherCallPass() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        long other = a.tryAcquire("y", 2).granted();
        fencing(token);
        a.execute("SET statement_timeout = '2s'");
        b.execute("SET statement_timeout = '2s'");
        admin.execute("SET statement_timeout = '2s'");
        assertThat(b.acquire("x", 3).outcome()).isEqualTo("queued");
        assertThat(b.withdraw("x", 3)).isEqualTo("withdrawn");
        assertThat(b.acquire("x", 4).outcome()).isEqualTo("queued");
        assertThat(a.renew()).isEqualTo("alive");
        assertThat(b.renew()).isEqualTo("alive");
        admin.ask("SELECT latchkey.reap()");
        assertThat(a.batch(a.texts("release", "release", "try"), a.texts("x", "y", "z"), a.numbers(token, other, 5L)))
                .isEqualTo("fenced released granted");
        assertThat(b.close(null)).isTrue();
        assertThat(a.close(null)).isTrue();
        admin.ask("SELECT latchkey.reap()");
        assertThat(admin.settle("x")).isIn("fenced", "settled");
    }

    @Test
    void expiry_underOpenFence_takesEffectAfterTheTransaction() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = fencing(token);
        expire(a);
        assertThat(b.tryAcquire("x", 2).outcome()).isEqualTo("held");
        assertThat(b.acquire("x", 3).outcome()).isEqualTo("queued");
        admin.ask("SELECT latchkey.reap()");
        assertThat(holder("x")).isEqualTo("none");
        transaction.commit();
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void try_withoutTheShortCutsCheckOfFences_takesTheLockUnderTheTransaction() throws SQLException {
        sabotage("acquire_lock", "l.xmax OPERATOR(pg_catalog.=) 0", "true");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        fencing(token);
        a.release("x", token);
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void try_withoutTheLongWaysCheckOfFences_takesTheLockUnderTheTransaction() throws SQLException {
        sabotage("_acquire", "FOR UPDATE SKIP LOCKED", "");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        fencing(token);
        a.release("x", token);
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void release_withoutTheHandOversCheckOfFences_givesTheLockAwayUnderTheTransaction() throws SQLException {
        sabotage("_hand_over", "FOR UPDATE SKIP LOCKED", "FOR NO KEY UPDATE SKIP LOCKED");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        fencing(token);
        assertThat(a.release("x", token)).isEqualTo("handed_over");
    }

    @Test
    void fence_ofSavepointRolledBack_isOver() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = connect();
        transaction.begin();
        transaction.execute("SAVEPOINT s");
        transaction.fence("x", token);
        transaction.execute("ROLLBACK TO SAVEPOINT s");
        a.release("x", token);
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void fence_inSavepoint_lastsAsLongAsTheTransaction() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = connect();
        transaction.begin();
        transaction.execute("SAVEPOINT s");
        transaction.fence("x", token);
        transaction.execute("RELEASE SAVEPOINT s");
        a.release("x", token);
        assertThat(b.tryAcquire("x", 2).outcome()).isEqualTo("held");
        transaction.commit();
        b.tryAcquire("x", 3).granted();
    }

    @Test
    void fence_twoTransactions_doNotWaitForEachOther_andBothKeepTheLock() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        Party first = fencing(token);
        Party second = fencing(token);
        a.release("x", token);
        first.commit();
        assertThat(b.tryAcquire("x", 2).outcome()).isEqualTo("held");
        second.commit();
        b.tryAcquire("x", 3).granted();
    }

    @Test
    void fence_withOldToken_orOfReleasedLease_isRefused() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        a.release("x", token);
        assertRefused(() -> b.fence("x", token));
        long next = b.tryAcquire("x", 2).granted();
        assertRefused(() -> a.fence("x", token));
        assertRefused(() -> a.fence("unknown", token));
        b.fence("x", next);
    }

    @Test
    void fence_afterSessionExpired_isRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        expire(a);
        assertRefused(() -> a.fence("x", token));
    }

    @Test
    void fence_afterHandOver_isRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        a.release("x", token);
        assertRefused(() -> a.fence("x", token));
    }

    @Test
    void fence_ofTimedLease_isRefusedOnceItIsGivenBackOrOver() throws SQLException {
        Party a = connect();
        long kept = a.acquireTimed("kept", 1, false, MINUTE, MINUTE).granted();
        a.fence("kept", kept);
        assertThat(a.releaseTimed("kept", kept, 1)).isEqualTo("released");
        assertThat(holder("kept")).as("stays taken").isEqualTo("timed holder");
        assertRefused(() -> a.fence("kept", kept));

        long over = a.acquireTimed("over", 2, false, MINUTE, 0).granted();
        admin.execute("UPDATE latchkey._lock SET expires_at = clock_timestamp() WHERE name = 'over'");
        assertRefused(() -> a.fence("over", over));
    }

    @Test
    void fence_behindUncommittedHandOver_waitsAndIsRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        Party transaction = connect();
        Party.Blocked<Boolean> fence = transaction.block(admin, p -> {
            p.fence("x", token);
            return true;
        });
        a.commit();
        assertRefused(fence::result);
    }

    @Test
    void fence_whenTheHandOverDoesNotLockForUpdate_passesWithTheOldToken() throws SQLException {
        sabotage("_release", "FOR UPDATE SKIP LOCKED", "FOR NO KEY UPDATE SKIP LOCKED");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        client("b").acquire("x", 2);
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        fencing(token);
        a.commit();
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void fence_betweenReleaseAndNextGrantOfOneTransaction_isRefused() throws SQLException {
        assertRefused(fenceBehindReleaseAndGrant()::result);
    }

    @Test
    void fence_whenTheShortCutGrantsWhatItsOwnTransactionReleased_passesWithTheOldToken() throws SQLException {
        sabotage("run_batch", "pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0", "true");
        assertThatThrownBy(this::fenceBehindReleaseAndGrant).hasStackTraceContaining("It did not wait");
        assertThat(holder("x")).isEqualTo("a");
    }

    /** Rows that a subtransaction wrote bear its number, not that of the transaction. */
    @Test
    void fence_betweenReleaseAndNextGrantOfOneTransaction_withSavepoints_isRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        a.execute("SAVEPOINT one");
        assertThat(a.release("x", token)).isEqualTo("released");
        a.execute("RELEASE SAVEPOINT one; SAVEPOINT two");
        a.tryAcquire("x", 2).granted();
        assertRefused(fenceBehindGrantOf(a, token)::result);
    }

    private Party.Blocked<Boolean> fenceBehindReleaseAndGrant() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        assertThat(a.batch(a.texts("release", "try"), a.texts("x", "x"), a.numbers(token, 2L)))
                .isEqualTo("released granted");
        return fenceBehindGrantOf(a, token);
    }

    private Party.Blocked<Boolean> fenceBehindGrantOf(Party a, long token) throws SQLException {
        Party transaction = connect();
        transaction.begin();
        Party.Blocked<Boolean> fence = transaction.block(admin, p -> {
            p.fence("x", token);
            return true;
        });
        a.commit();
        return fence;
    }
}
