package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** A transaction under a reader's fence keeps writers out until it ends, and hinders nobody else; wherever the share has its place. */
abstract class SharedFenceContract extends SqlTest {
    /** The token of a share of x, the only one there is, with request 1. */
    abstract long read(Party reader) throws SQLException;

    static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK001"));
    }

    /** An open transaction under the fence of a lease of x. */
    final Party fencing(long token) throws SQLException {
        return fencing("x", token);
    }

    final Party fencing(String name, long token) throws SQLException {
        Party transaction = connect();
        transaction.begin();
        transaction.fence(name, token);
        return transaction;
    }

    @Test
    void fence_openAfterTheReadersRelease_keepsWritersOut_andNoReader() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = read(a);
        Party transaction = fencing(token);
        a.execute("SET statement_timeout = '2s'");
        b.execute("SET statement_timeout = '2s'");
        assertThat(a.giveBack("x", token)).isEqualTo("fenced");
        assertThat(a.giveBack("x", token)).isEqualTo("not_held");
        assertThat(holders("x")).isEqualTo("null");
        assertRefused(() -> a.fence("x", token));
        b.giveBack("x", b.tryRead("x", 2).granted());
        assertThat(b.tryAcquire("x", 3).outcome()).isEqualTo("held");
        Reply queued = b.acquire("x", 4);
        assertThat(queued.outcome()).isEqualTo("queued");
        assertThat(queued.retryMs()).isEqualTo(20);
        assertThat(admin.settle("x")).isEqualTo("fenced");
        admin.ask("SELECT latchkey.reap()");
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holders("x")).isEqualTo("null");
        transaction.commit();
        assertThat(admin.settle("x")).isEqualTo("granted");
        assertThat(holder("x")).isEqualTo("b");
        assertThat(count("latchkey._share")).isZero();
    }

    @Test
    void fence_openWithoutWaiters_isSettledAfterTheTransaction() throws SQLException {
        Party a = client("a");
        long token = read(a);
        Party transaction = fencing(token);
        assertThat(a.giveBack("x", token)).isEqualTo("fenced");
        assertThat(admin.settle("x")).isEqualTo("fenced");
        transaction.rollback();
        assertThat(admin.settle("x")).isEqualTo("settled");
        assertThat(admin.ask("SELECT taken || ' ' || waiting FROM latchkey._lock"))
                .isEqualTo("0 false");
    }

    @Test
    void expiry_underFence_takesEffectAfterTheTransaction() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party transaction = fencing(read(a));
        expire(a);
        assertThat(b.tryAcquire("x", 2).outcome()).isEqualTo("held");
        assertThat(b.acquire("x", 3).outcome()).isEqualTo("queued");
        admin.ask("SELECT latchkey.reap()");
        assertThat(holders("x")).isEqualTo("null");
        transaction.commit();
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void fence_ofWhatIsNotHeld_isRefused() throws SQLException {
        Party a = client("a");
        long token = read(a);
        a.fence("x", token);
        a.giveBack("x", token);
        assertRefused(() -> a.fence("x", token));
        long second = a.tryRead("x", 2).granted();
        a.tryRead("x", 3).granted();
        a.fence("x", second); // not the latest token, and current all the same
        expire(a);
        assertRefused(() -> a.fence("x", second));
    }

    @Test
    void fence_behindUncommittedGrantToWriter_waitsAndIsRefused() throws SQLException {
        Party b = client("b");
        long token = grantToWriterUncommitted(b);
        Party transaction = connect();
        transaction.begin();
        Party.Blocked<Boolean> fence = transaction.block(admin, p -> {
            p.fence("x", token);
            return true;
        });
        b.commit();
        assertRefused(fence::result);
    }

    final long grantToWriterUncommitted(Party writer) throws SQLException {
        Party a = client("a");
        long token = read(a);
        expire(a);
        writer.begin();
        writer.tryAcquire("x", 2).granted();
        return token;
    }

    @Test
    void fence_ofWriter_openAfterItsRelease_keepsReadersOut() throws SQLException {
        Party transaction = writersFenceAfterRelease();
        Party b = client("b");
        assertThat(b.tryRead("x", 2).outcome()).isEqualTo("held");
        assertThat(b.read("x", 3).outcome()).isEqualTo("queued");
        assertThat(admin.settle("x")).isEqualTo("fenced");
        transaction.commit();
        assertThat(admin.settle("x")).isEqualTo("granted");
        assertThat(holders("x")).isEqualTo("b");
    }

    final Party writersFenceAfterRelease() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = fencing(token);
        assertThat(a.release("x", token)).isEqualTo("released");
        return transaction;
    }

    @Test
    void fence_betweenWritersReleaseAndReadersGrantOfOneTransaction_isRefused() throws SQLException {
        assertRefused(fenceBehindReleaseAndRead()::result);
    }

    final Party.Blocked<Boolean> fenceBehindReleaseAndRead() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        assertThat(a.batch(a.texts("release", "read"), a.texts("x", "x"), a.numbers(token, 2L)))
                .isEqualTo("released granted");
        Party transaction = connect();
        transaction.begin();
        Party.Blocked<Boolean> fence = transaction.block(admin, p -> {
            p.fence("x", token);
            return true;
        });
        a.commit();
        return fence;
    }

    @Test
    void downgrade_underTheWritersFence_letsReadersInAfterTheTransaction() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        long write = a.tryAcquire("x", 1).granted();
        b.read("x", 2);
        Party transaction = fencing(write);
        Reply read = a.downgrade("x", write, 3);
        assertThat(read.granted()).isGreaterThan(write);
        assertThat(read.retryMs()).isEqualTo(20);
        assertThat(c.tryRead("x", 4).outcome()).isEqualTo("held");
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holders("x")).isEqualTo("a");
        transaction.commit();
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holders("x")).isEqualTo("a b");
    }

    @Test
    void upgrade_underTheReadersFence_isRefusedUntilTheTransactionEnds() throws SQLException {
        Party a = client("a");
        long read = read(a);
        Party transaction = fencing(read);
        assertThat(a.upgrade("x", read, 2).outcome()).isEqualTo("held");
        transaction.commit();
        a.upgrade("x", read, 3).granted();
    }

    @Test
    void fence_inRepeatableRead_ofShareGivenBackSince_isRefused() throws SQLException {
        assertThatThrownBy(this::fenceWithOldSnapshot)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
    }

    final void fenceWithOldSnapshot() throws SQLException {
        Party a = client("a");
        long token = read(a);
        Party late = connect();
        late.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        late.begin();
        late.ask("SELECT 1");
        fencing(token);
        assertThat(a.giveBack("x", token)).isEqualTo("fenced");
        late.fence("x", token);
    }
}
