package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Permits: never more than there are, in the order of arrival, and changed while they are in use. */
final class PermitsTest extends SqlTest {
    private static void assertBad(ThrowingCallable call, String why) {
        assertThatThrownBy(call)
                .hasMessageContaining(why)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK002"));
    }

    private String inUse() throws SQLException {
        return admin.ask(
                "SELECT in_use || ' of ' || permits || ', ' || waiting || ' waiting' FROM latchkey.semaphores WHERE name = 's'");
    }

    @Test
    void permits_areNeverMoreThanThereAre() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long three = a.tryPermits("s", 1, 3, 5).granted();
        long two = b.tryPermits("s", 2, 2, 5).granted();
        assertThat(two).isGreaterThan(three);
        assertThat(b.tryPermits("s", 3, 1, 5).outcome()).isEqualTo("held");
        assertThat(b.permits("s", 4, 1, 5).outcome()).isEqualTo("queued");
        assertThat(inUse()).isEqualTo("5 of 5, 1 waiting");
        assertThat(admin.ask("SELECT string_agg(holder || permits || mode, ' ' ORDER BY holder) FROM latchkey.locks"))
                .isEqualTo("a3permits b2permits");
        assertThat(a.giveBack("s", three)).isEqualTo("handed_over");
        assertThat(inUse()).isEqualTo("3 of 5, 0 waiting");
    }

    @Test
    void permits_whenTheShortCutDoesNotCount_areMoreThanThereAre() throws SQLException {
        sabotage("_join_shares", "p_weight OPERATOR(pg_catalog.<=) (l.permits OPERATOR(pg_catalog.-) l.taken)", "true");
        Party a = client("a");
        a.tryPermits("s", 1, 1, 1).granted();
        a.tryPermits("s", 2, 1, 1).granted();
    }

    @Test
    void permits_whenTheLongWayDoesNotCount_areMoreThanThereAre() throws SQLException {
        sabotage("_fits", "p_weight <= p_permits - p_taken", "true");
        Party a = client("a");
        a.tryPermits("s", 1, 1, 1).granted();
        a.tryPermits("s", 2, 1, 1).granted();
    }

    @Test
    void callThatAsksForMany_isNotPassedByThoseThatAskForFew() throws SQLException {
        assertThat(waitersServedWhenOneOfTwoIsFree()).isEqualTo("null");
    }

    @Test
    void callThatAsksForMany_whenTheHandOverGoesOnBehindIt_isPassed() throws SQLException {
        sabotage(
                "_hand_over",
                "            EXIT;\n        ELSIF",
                "            v_ticket := v_waiter.ticket;\n            CONTINUE;\n        ELSIF");
        assertThat(waitersServedWhenOneOfTwoIsFree()).isEqualTo("light");
    }

    private String waitersServedWhenOneOfTwoIsFree() throws SQLException {
        Party a = client("a");
        a.tryPermits("s", 1, 1, 2).granted();
        long one = a.tryPermits("s", 2, 1, 2).granted();
        client("heavy").permits("s", 3, 2, 2);
        Party light = client("light");
        light.permits("s", 4, 1, 2);
        a.giveBack("s", one);
        assertThat(light.tryPermits("s", 5, 1, 2).outcome()).isEqualTo("held");
        return admin.ask("SELECT string_agg(holder, ' ') FROM latchkey.locks WHERE holder <> 'a'");
    }

    @Test
    void release_ofMany_servesAsManyAsFitTogether() throws SQLException {
        Party a = client("a");
        long all = a.tryPermits("s", 1, 4, 4).granted();
        for (int i = 2; i <= 5; i++) {
            client("b" + i).permits("s", i, i == 4 ? 2 : 1, 4);
        }
        assertThat(a.giveBack("s", all)).isEqualTo("handed_over");
        assertThat(holders("s")).isEqualTo("b2 b3 b4");
        assertThat(inUse()).isEqualTo("4 of 4, 1 waiting");
    }

    @Test
    void anotherNumber_isReported_andTheStoredOneCounts() throws SQLException {
        Party a = client("a");
        a.tryPermits("s", 1, 1, 2).granted();
        String reply = "SELECT (latchkey.acquire_shared(?, 's', ?, ?, 1, 7)::latchkey.reply)::text";
        assertThat(a.ask(reply, a.session, 2L, false)).matches("\\(granted,\\d+,,,2\\)");
        assertThat(a.ask(reply, a.session, 3L, true)).matches("\\(queued,,\\d+,\\d+,2\\)");
    }

    @Test
    void lockAndSemaphore_cannotHaveOneName_andNobodyGetsMoreThanThereIs() throws SQLException {
        Party a = client("a");
        a.tryPermits("s", 1, 1, 2).granted();
        assertBad(() -> a.tryAcquire("s", 2), "name of a semaphore");
        assertBad(() -> a.acquire("s", 3), "name of a semaphore");
        assertBad(() -> a.tryRead("s", 4), "name of a semaphore");
        assertBad(() -> a.acquireTimed("s", 5, false, MINUTE, 0), "name of a semaphore");
        a.tryAcquire("x", 6).granted();
        assertBad(() -> a.tryPermits("x", 7, 1, 2), "name of a lock");
        assertBad(() -> a.permits("x", 8, 1, 2), "name of a lock");
        assertBad(() -> admin.setPermits("x", 3), "name of a lock");
        assertBad(() -> a.permits("s", 9, 3, 2), "3 permits were asked for, and the semaphore has 2");
        assertBad(() -> a.tryPermits("s", 10, 3, 2), "the semaphore has 2");
        assertBad(() -> a.tryPermits("s", 11, 0, 2), "0 permits were asked for");
        assertBad(() -> a.tryPermits("s", 12, -1, 2), "-1 permits were asked for");
        assertBad(() -> a.tryPermits("new", 13, 1, 0), "a semaphore of 0 permits");
        assertBad(() -> admin.setPermits("s", 0), "a semaphore of 0 permits");
        assertThat(inUse()).isEqualTo("1 of 2, 0 waiting");
    }

    @Test
    void morePermits_areHandedToThoseWhoWait() throws SQLException {
        Party a = client("a");
        a.tryPermits("s", 1, 2, 2).granted();
        client("b").permits("s", 2, 2, 2);
        client("c").permits("s", 3, 1, 2);
        assertThat(admin.setPermits("s", 3)).isEqualTo("set");
        assertThat(admin.setPermits("s", 5)).isEqualTo("handed_over");
        assertThat(inUse()).isEqualTo("5 of 5, 0 waiting");
    }

    @Test
    void fewerPermits_takeNothingFromHolders_andRefuseWhoWaitsForMore() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long three = a.tryPermits("s", 1, 3, 4).granted();
        long one = a.tryPermits("s", 2, 1, 4).granted();
        b.permits("s", 3, 3, 4);
        client("c").permits("s", 4, 1, 4);
        assertThat(admin.setPermits("s", 2)).isEqualTo("set");
        a.fence("s", three);
        assertThat(inUse()).isEqualTo("4 of 2, 1 waiting");
        assertThat(a.ask("SELECT grants FROM latchkey.renew_session(?)", b.session))
                .isEqualTo("3:0");
        assertBad(() -> b.permits("s", 3, 3, 4), "the semaphore has 2");
        assertThat(b.withdraw("s", 3)).isEqualTo("withdrawn");
        assertThat(a.giveBack("s", one)).isEqualTo("released");
        assertThat(holders("s")).isEqualTo("a");
        assertThat(a.giveBack("s", three)).isEqualTo("handed_over");
        assertThat(holders("s")).isEqualTo("c");
    }

    @Test
    void fewerPermits_thenMoreAgain_letsWhoWasToldToAskAgainWait() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long all = a.tryPermits("s", 1, 3, 3).granted();
        b.permits("s", 2, 3, 3);
        admin.setPermits("s", 2);
        admin.setPermits("s", 3);
        assertThat(b.permits("s", 2, 3, 3).outcome()).isEqualTo("queued");
        assertThat(a.giveBack("s", all)).isEqualTo("handed_over");
        assertThat(holders("s")).isEqualTo("b");
    }

    @Test
    void firstUse_isFlushed_andOthersAreNot() throws SQLException {
        Party a = client("a");
        a.execute("SET synchronous_commit = off");
        a.begin();
        a.tryPermits("s", 1, 1, 2).granted();
        assertThat(a.ask("SHOW synchronous_commit")).isEqualTo("on");
        a.commit();
        a.begin();
        a.tryPermits("s", 2, 1, 2).granted();
        assertThat(a.ask("SHOW synchronous_commit")).isEqualTo("off");
        a.commit();
    }

    @Test
    void idleSemaphore_isForgotten_unlessItsNumberWasSetOrSomebodyUsesIt() throws SQLException {
        Party a = client("a");
        a.giveBack("s", a.tryPermits("s", 1, 1, 2).granted());
        a.giveBack("set", a.tryPermits("set", 2, 1, 2).granted());
        admin.setPermits("set", 5);
        admin.setPermits("new", 6);
        a.tryPermits("in use", 3, 1, 2).granted();
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days'");
        admin.ask("SELECT latchkey.reap()");
        assertThat(admin.ask("SELECT string_agg(name || permits, ' ' ORDER BY name) FROM latchkey.semaphores"))
                .isEqualTo("in use2 new6 set5");
    }

    @Test
    void permits_underFence_stayInUseUntilTheTransactionEnds() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryPermits("s", 1, 2, 2).granted();
        Party transaction = connect();
        transaction.begin();
        transaction.fence("s", token);
        assertThat(a.giveBack("s", token)).isEqualTo("fenced");
        assertThat(b.tryPermits("s", 2, 1, 2).outcome()).isEqualTo("held");
        assertThat(b.permits("s", 3, 1, 2).outcome()).isEqualTo("queued");
        transaction.commit();
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holders("s")).isEqualTo("b");
    }

    @Test
    void permits_ofTheDead_areHandedOn() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryPermits("s", 1, 2, 2).granted();
        b.permits("s", 2, 2, 2);
        expire(a);
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holders("s")).isEqualTo("b");
        expire(b);
        client("c").tryPermits("s", 3, 2, 2).granted();
    }

    @Test
    void auditPermits_tellsTheNumbers() throws SQLException {
        assertThat(admin.ask("SELECT permits FROM latchkey.audit_permits('s')")).isEqualTo("null");
        client("a").tryPermits("s", 1, 2, 3).granted();
        client("b").permits("s", 2, 2, 3);
        assertThat(admin.ask("SELECT permits || ' ' || in_use || ' ' || waiting FROM latchkey.audit_permits('s')"))
                .isEqualTo("3 2 1");
    }
}
