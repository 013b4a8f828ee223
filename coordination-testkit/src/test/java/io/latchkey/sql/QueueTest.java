package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The order of waiters, and calls that arrive twice. */
final class QueueTest extends SqlTest {
    private long token(String name) throws SQLException {
        return Long.parseLong(admin.ask("SELECT token FROM latchkey._lock WHERE name = ?", name));
    }

    @Test
    void waiters_getTheLockInOrderOfArrival() throws SQLException {
        Party a = client("a");
        Party[] waiters = {client("b"), client("c"), client("d")};
        long token = a.tryAcquire("x", 1).granted();
        for (Party waiter : waiters) {
            assertThat(waiter.acquire("x", 2).outcome()).isEqualTo("queued");
        }
        assertThat(admin.ask("SELECT string_agg(waiter, ' ' ORDER BY place) FROM latchkey.waiters WHERE held_by = 'a'"))
                .isEqualTo("b c d");
        Party holder = a;
        for (Party waiter : waiters) {
            assertThat(holder.release("x", token)).isEqualTo("handed_over");
            assertThat(token("x")).isGreaterThan(token);
            token = token("x");
            waiter.fence("x", token);
            holder = waiter;
        }
        assertThat(holder("x")).isEqualTo("d");
        assertThat(holder.release("x", token)).isEqualTo("released");
    }

    @Test
    void try_whileOthersWait_doesNotOvertake() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        expire(a);
        assertThat(client("c").tryAcquire("x", 3).outcome()).isEqualTo("held");
        assertThat(holder("x")).as("the one that tried handed it over").isEqualTo("b");
        assertThat(a.release("x", token)).isEqualTo("not_held");
    }

    @Test
    void withdraw_fromTheMiddle_keepsTheOthersInOrder() throws SQLException {
        Party a = client("a");
        Party c = client("c");
        long token = a.tryAcquire("x", 1).granted();
        Party b = client("b");
        b.acquire("x", 2);
        c.acquire("x", 3);
        client("d").acquire("x", 4);
        assertThat(c.withdraw("x", 3)).isEqualTo("withdrawn");
        assertThat(c.withdraw("x", 3)).as("again").isEqualTo("withdrawn");
        a.release("x", token);
        b.release("x", token("x"));
        assertThat(holder("x")).isEqualTo("d");
    }

    @Test
    void withdraw_ofOneRequest_leavesTheOtherOfTheSameSession() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        b.acquire("x", 3);
        b.withdraw("x", 2);
        a.release("x", token);
        assertThat(admin.ask("SELECT request FROM latchkey._lock WHERE name = 'x'"))
                .isEqualTo("3");
    }

    @Test
    void withdraw_ofTheHeldRequest_givesItBack_andOfAnotherDoesNot() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        assertThat(a.withdraw("x", 2)).isEqualTo("withdrawn");
        assertThat(holder("x")).isEqualTo("a");
        assertThat(a.withdraw("x", 1)).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
        assertThat(a.withdraw("never heard of", 1)).isEqualTo("withdrawn");
    }

    @Test
    void sameRequestAgain_whileGranted_isTheSameGrant() throws SQLException {
        Party a = client("a");
        long token = a.acquire("x", 1).granted();
        assertThat(a.acquire("x", 1).granted()).isEqualTo(token);
        assertThat(a.tryAcquire("x", 1).granted()).isEqualTo(token);
        assertThat(a.tryAcquire("x", 2).outcome())
                .as("another call of the same client")
                .isEqualTo("held");
    }

    @Test
    void sameRequestOfAnotherSession_isAnotherCall() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.acquire("x", 1).granted();
        assertThat(b.tryAcquire("x", 1).outcome()).isEqualTo("held");
        assertThat(b.acquireTimed("x", 1, false, MINUTE, 0).outcome()).isEqualTo("held");
        assertThat(b.acquire("x", 1).outcome()).isEqualTo("queued");
        assertThat(b.withdraw("x", 1)).isEqualTo("withdrawn");
        a.fence("x", token);
    }

    @Test
    void sameRequestAgain_whileQueued_keepsOnePlace() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(count("latchkey._waiter")).isEqualTo(1);
        a.release("x", token);
        assertThat(b.acquire("x", 2).granted()).as("a hand-over overtook it").isEqualTo(token("x"));
    }

    @Test
    void releaseOfAWantedLock_handsOver_andFreesOneThatNobodyWants() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(b.releaseWanted("x", token)).isEqualTo("not_held");
        assertThat(a.releaseWanted("x", token)).isEqualTo("handed_over");
        assertThat(a.releaseWanted("x", token)).isEqualTo("not_held");
        assertThat(b.releaseWanted("x", token("x"))).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
        assertThat(a.releaseWanted("x", a.tryAcquire("x", 3).granted())).isEqualTo("released");
        b.tryAcquire("x", 4).granted();
    }

    @Test
    void release_twice_orWithOldToken_isNotHeld() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        assertThat(a.release("x", token)).isEqualTo("released");
        assertThat(a.release("x", token)).isEqualTo("not_held");
        long next = b.tryAcquire("x", 2).granted();
        assertThat(a.release("x", token)).isEqualTo("not_held");
        assertThat(a.release("x", next))
                .as("the right token of another session")
                .isEqualTo("not_held");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void call_ofUnknownOrExpiredSession_isNoSession() throws SQLException {
        Party a = client("a");
        expire(a);
        assertThat(a.tryAcquire("x", 1).outcome()).isEqualTo("no_session");
        assertThat(a.acquire("x", 1).outcome()).isEqualTo("no_session");
        a.session = UUID.randomUUID();
        assertThat(a.tryAcquire("x", 1).outcome()).isEqualTo("no_session");
        assertThat(a.acquire("x", 1).outcome()).isEqualTo("no_session");
        assertThat(a.renew()).isEqualTo("no_session");
        assertThat(a.close(null)).isFalse();
        assertThat(count("latchkey._lock")).isZero();
    }

    @Test
    void open_sameSessionTwice_isOneSession() throws SQLException {
        Party a = client("a");
        a.open("a", 15_000);
        assertThat(count("latchkey._session")).isEqualTo(1);
    }

    @Test
    void close_withListOfNames_givesBackTheseAndLeavesQueues() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryAcquire("x", 1).granted();
        b.tryAcquire("y", 2).granted();
        client("c").acquire("x", 3);
        a.acquire("y", 4);
        assertThat(a.close(a.texts("x", "y", "unknown"))).isTrue();
        assertThat(holder("x")).isEqualTo("c");
        assertThat(holder("y")).isEqualTo("b");
        assertThat(count("latchkey.waiters")).isZero();
    }

    @Test
    void batch_answersInTheOrderOfItsCalls() throws SQLException {
        Party a = client("a");
        client("b").tryAcquire("k", 1).granted();
        long token = a.tryAcquire("m", 2).granted();
        assertThat(a.batch(
                        a.texts("acquire", "withdraw", "try", "release", "try"),
                        a.texts("k", "k", "k", "m", "z"),
                        a.numbers(4L, 4L, 5L, token, 3L)))
                .isEqualTo("queued withdrawn held released granted");
    }

    @Test
    void renewal_handsOverWhatItWaitsForAndNobodyHolds_andTellsIt() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryAcquire("x", 1).granted();
        b.acquire("x", 255);
        expire(a);
        String grants = b.ask("SELECT grants FROM latchkey.renew_session(?)", b.session);
        assertThat(grants).isEqualTo("ff:" + token("x"));
        assertThat(b.ask("SELECT grants FROM latchkey.renew_session(?)", b.session))
                .as("until confirmed")
                .isEqualTo(grants);
        assertThat(b.ask("SELECT grants FROM latchkey.renew_session(?, '{255}')", b.session))
                .isEqualTo("null");
        assertThat(count("latchkey._waiter")).isZero();
    }
}
