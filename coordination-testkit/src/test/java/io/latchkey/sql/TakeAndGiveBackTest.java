package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Two calls on one lock, the second while the first has not committed. */
final class TakeAndGiveBackTest extends SqlTest {
    @Test
    void tryOnFreeLock_whileAnotherTakesIt_isHeld() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.release("x", a.tryAcquire("x", 1).granted());
        a.begin();
        a.tryAcquire("x", 2).granted();
        Party.Blocked<Reply> second = b.block(admin, p -> p.tryAcquire("x", 3));
        a.commit();
        assertThat(second.result().outcome()).isEqualTo("held");
        assertThat(holder("x")).isEqualTo("a");
    }

    @Test
    void tryOnFreeLock_whenTheFirstRollsBack_isGranted() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.release("x", a.tryAcquire("x", 1).granted());
        a.begin();
        a.tryAcquire("x", 2).granted();
        Party.Blocked<Reply> second = b.block(admin, p -> p.tryAcquire("x", 3));
        a.rollback();
        second.result().granted();
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void tryOnUnknownLock_whileAnotherCreatesIt_isHeld() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.begin();
        a.tryAcquire("x", 1).granted();
        Party.Blocked<Reply> second = b.block(admin, p -> p.tryAcquire("x", 2));
        a.commit();
        assertThat(second.result().outcome()).isEqualTo("held");
    }

    @Test
    void tryOnUnknownLock_whenTheFirstRollsBack_isGranted() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.begin();
        a.tryAcquire("x", 1).granted();
        Party.Blocked<Reply> second = b.block(admin, p -> p.tryAcquire("x", 2));
        a.rollback();
        second.result().granted();
    }

    @Test
    void acquire_behindUncommittedRelease_takesTheLock() throws SQLException {
        Party b = client("b");
        acquireBehindUncommittedRelease(b).granted();
        assertThat(holder("x")).isEqualTo("b");
        assertThat(count("latchkey._waiter")).isZero();
    }

    @Test
    void acquire_withoutLookUnderTheRowLock_queuesForFreeLock() throws SQLException {
        sabotage("_acquire", "WHERE l.name = p_name FOR NO KEY UPDATE;", "WHERE l.name = p_name;");
        assertThat(acquireBehindUncommittedRelease(client("b")).outcome()).isEqualTo("queued");
        assertThat(holder("x")).isEqualTo("none");
    }

    /** The release has not committed when the other looks; it has when the other queues. */
    private Reply acquireBehindUncommittedRelease(Party b) throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("released");
        Party.Blocked<Reply> second = b.block(admin, p -> p.acquire("x", 2));
        a.commit();
        return second.result();
    }

    @Test
    void release_behindUncommittedEnqueue_handsOver() throws SQLException {
        assertThat(releaseBehindUncommittedEnqueue()).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void release_whenEnqueuingDoesNotMarkTheRow_leavesTheWaiterBehind() throws SQLException {
        sabotage(
                "_enqueue",
                "SET waiting = true, queued = true, shared_above = CASE WHEN p_lock.waiting THEN l.shared_above ELSE l.token END",
                "SET token = l.token");
        assertThat(releaseBehindUncommittedEnqueue()).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
        assertThat(count("latchkey._waiter WHERE token IS NULL")).isEqualTo(1);
    }

    private String releaseBehindUncommittedEnqueue() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.begin();
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        Party.Blocked<String> release = a.block(admin, p -> p.release("x", token));
        b.commit();
        return release.result();
    }

    @Test
    void withdraw_behindUncommittedHandOver_givesTheLockBack() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        Party.Blocked<String> withdraw = b.block(admin, p -> p.withdraw("x", 2));
        a.commit();
        assertThat(withdraw.result()).isEqualTo("released");
        assertThat(count("latchkey._waiter")).isZero();
        client("c").tryAcquire("x", 3).granted();
    }

    @Test
    void release_behindUncommittedWithdraw_findsNobody() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        b.begin();
        assertThat(b.withdraw("x", 2)).isEqualTo("withdrawn");
        Party.Blocked<String> release = a.block(admin, p -> p.release("x", token));
        b.commit();
        assertThat(release.result()).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void close_whileAnotherReleasesToIt_givesTheLockBack() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        Party.Blocked<Boolean> close = b.block(admin, p -> p.close(null));
        a.commit();
        assertThat(close.result()).isTrue();
        assertThat(count("latchkey._waiter")).isZero();
        client("c").tryAcquire("x", 3).granted();
    }

    @Test
    void release_whileTheFirstWaiterCloses_goesToTheSecond() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        client("c").acquire("x", 3);
        b.begin();
        assertThat(b.close(null)).isTrue();
        Party.Blocked<String> release = a.block(admin, p -> p.release("x", token));
        b.commit();
        assertThat(release.result()).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("c");
    }

    @Test
    void batch_notInTheOrderOfTheBytesOfTheNames_isRefused() throws SQLException {
        assertThatThrownBy(this::crossBatches)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK002"));
        Party a = client("a2");
        assertThat(a.batch(a.texts("try", "try", "try"), a.texts("B", "a", "\u00e4"), a.numbers(1L, 2L, 3L)))
                .isEqualTo("granted granted granted");
    }

    @Test
    void batches_inOppositeOrder_deadlock() throws SQLException {
        sabotage("run_batch", "OPERATOR(pg_catalog.<) v_last", "OPERATOR(pg_catalog.<) ''");
        assertThatThrownBy(this::crossBatches)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40P01"));
    }

    /** Both batches have to stop at m, which a third one has, and both would have taken their first name by then. */
    private String[] crossBatches() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        for (String name : new String[] {"k", "m", "z"}) {
            c.release(name, c.tryAcquire(name, 1).granted());
        }
        c.begin();
        c.tryAcquire("m", 2).granted();
        Party.Blocked<String> first = a.block(
                admin, p -> p.batch(p.texts("try", "try", "try"), p.texts("k", "m", "z"), p.numbers(3L, 4L, 5L)));
        Party.Blocked<String> second = b.block(
                admin, p -> p.batch(p.texts("try", "try", "try"), p.texts("z", "m", "k"), p.numbers(6L, 7L, 8L)));
        c.rollback();
        return new String[] {first.result(), second.result()};
    }

    /**
     * A renewal takes two grants off its list, while a batch of the same client withdraws both requests. Both go by the names, so one
     * waits for the other, and not both.
     */
    @Test
    void renewalThatConfirmsTwoGrants_whileABatchWithdrawsThem_isNoDeadlock() throws SQLException {
        Party holder = client("holder");
        Party renewing = client("client");
        Party calling = connect();
        long a = holder.tryAcquire("a", 1).granted();
        long b = holder.tryAcquire("b", 2).granted();
        // In this order by the time, by the number of the request and by the place in the table: not by the name.
        renewing.acquire("b", 3);
        renewing.acquire("a", 4);
        holder.release("b", b);
        holder.release("a", a);
        calling.begin();
        calling.ask("SELECT latchkey.withdraw_request(?, 'a', 4)", renewing.session);
        Party.Blocked<String> renewal = renewing.block(
                admin, p -> p.ask("SELECT outcome FROM latchkey.renew_session(?, ?)", p.session, p.numbers(3L, 4L)));
        calling.ask("SELECT latchkey.withdraw_request(?, 'b', 3)", renewing.session);
        calling.commit();
        assertThat(renewal.result()).isEqualTo("alive");
        assertThat(count("latchkey._waiter")).isZero();
        assertThat(holder("a")).isEqualTo("none");
        assertThat(holder("b")).isEqualTo("none");
    }
}
