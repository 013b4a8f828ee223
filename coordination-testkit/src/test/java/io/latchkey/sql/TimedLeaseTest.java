package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Leases with an end of their own. */
final class TimedLeaseTest extends SqlTest {
    private void letItBeOver(String name) throws SQLException {
        admin.ask(
                "WITH u AS (UPDATE latchkey._lock SET expires_at = clock_timestamp() WHERE name = ? RETURNING 1) SELECT count(*) FROM u",
                name);
    }

    @Test
    void timedLease_needsNoSession_andIsHeldForOthers() throws SQLException {
        Party a = connect();
        Party b = client("b");
        a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        Reply second = a.acquireTimed("x", 2, false, MINUTE, 0);
        assertThat(second.outcome()).isEqualTo("held");
        assertThat(second.retryMs()).isBetween(MINUTE - 10_000L, (long) MINUTE);
        assertThat(b.tryAcquire("x", 3).outcome()).isEqualTo("held");
        assertThat(admin.ask("SELECT lease || ' ' || holder FROM latchkey.locks"))
                .isEqualTo("timed timed holder");
    }

    @Test
    void wait_withoutSession_isNoSession() throws SQLException {
        assertThat(connect().acquireTimed("x", 1, true, MINUTE, 0).outcome()).isEqualTo("no_session");
    }

    @Test
    void release_beforeAtLeast_keepsItTakenUntilThen() throws SQLException {
        Party a = connect();
        long token = a.acquireTimed("x", 1, false, MINUTE, MINUTE / 2).granted();
        assertThat(a.releaseTimed("x", token, 1)).isEqualTo("released");
        assertThat(a.releaseTimed("x", token, 1)).isEqualTo("not_held");
        assertThat(a.extendTimed("x", token, 1, MINUTE).outcome()).isEqualTo("not_held");
        Reply other = client("b").tryAcquire("x", 2);
        assertThat(other.outcome()).isEqualTo("held");
        assertThat(other.retryMs()).isLessThanOrEqualTo(MINUTE / 2);
        letItBeOver("x");
        client("c").tryAcquire("x", 3).granted();
    }

    @Test
    void extend_beforeAndAfterTheEnd() throws SQLException {
        Party a = connect();
        long token = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        assertThat(a.extendTimed("x", token, 1, 3 * MINUTE).granted()).isEqualTo(token);
        assertThat(admin.is("expires_at > now() + interval '2 min' FROM latchkey._lock"))
                .isTrue();
        assertThat(a.extendTimed("x", token, 2, MINUTE).outcome())
                .as("another request")
                .isEqualTo("not_held");
        letItBeOver("x");
        assertThat(a.extendTimed("x", token, 1, MINUTE).outcome()).isEqualTo("not_held");
        assertThat(a.releaseTimed("x", token, 1)).isEqualTo("not_held");
    }

    @Test
    void lateRelease_neverFreesTheNextHolder() throws SQLException {
        Party a = connect();
        long old = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        letItBeOver("x");
        long next = a.acquireTimed("x", 2, false, MINUTE, 0).granted();
        assertThat(next).isGreaterThan(old);
        assertThat(a.releaseTimed("x", old, 1)).isEqualTo("not_held");
        assertThat(a.releaseTimed("x", next, 1))
                .as("the request of another call")
                .isEqualTo("not_held");
        assertThat(holder("x")).isEqualTo("timed holder");
    }

    @Test
    void lateRelease_withoutItsTokenChecked_freesTheNextHolder() throws SQLException {
        sabotage(
                "_release_timed",
                "AND l.token = p_token AND l.request = p_request AND l.expires_at IS NOT NULL FOR",
                "FOR");
        Party a = connect();
        long old = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        letItBeOver("x");
        a.acquireTimed("x", 2, false, MINUTE, 0).granted();
        assertThat(a.releaseTimed("x", old, 1)).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void sameRequestAgain_isTheSameGrant() throws SQLException {
        Party a = connect();
        long token = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        assertThat(a.acquireTimed("x", 1, false, MINUTE, 0).granted()).isEqualTo(token);
    }

    @Test
    void handOver_ofTimedLease_startsItsTimeThen_andIsConfirmed() throws SQLException {
        Party a = connect();
        Party b = client("b");
        long token = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        assertThat(b.acquireTimed("x", 2, true, 2 * MINUTE, MINUTE).outcome()).isEqualTo("queued");
        assertThat(a.releaseTimed("x", token, 1)).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("b");
        String next = admin.ask("SELECT token FROM latchkey._lock");
        assertThat(b.ask(
                        "SELECT outcome || (retry_ms > 60000) FROM latchkey.confirm_timed('x', ?, 2)",
                        Long.valueOf(next)))
                .isEqualTo("grantedtrue");
        assertThat(count("latchkey._waiter")).isZero();
        assertThat(b.releaseTimed("x", Long.parseLong(next), 2)).isEqualTo("released");
        assertThat(holder("x")).as("at least a minute").isEqualTo("b");
    }

    @Test
    void timedLease_survivesTheEndOfTheSessionThatWaitedForIt() throws SQLException {
        Party b = client("b");
        b.acquireTimed("x", 1, true, MINUTE, 0).granted();
        assertThat(b.close(null)).isTrue();
        assertThat(client("c").tryAcquire("x", 2).outcome()).isEqualTo("held");
    }

    @Test
    void withdraw_ofGrantedTimedLease_givesItBackAtOnce() throws SQLException {
        Party b = client("b");
        b.acquireTimed("x", 1, true, MINUTE, MINUTE).granted();
        assertThat(b.withdraw("x", 1)).isEqualTo("released");
        client("c").tryAcquire("x", 2).granted();
    }

    @Test
    void end_furtherAwayThanItsLength_isClamped() throws SQLException {
        Party a = connect();
        Party b = client("b");
        a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        admin.execute("UPDATE latchkey._lock SET expires_at = now() + interval '1 year'"); // the clock went back
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(admin.is("expires_at < now() + interval '2 min' FROM latchkey._lock"))
                .isTrue();
    }

    @Test
    void session_whoseEndIsFurtherAwayThanItsTimeout_isClamped() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        admin.execute("UPDATE latchkey._session SET expires_at = now() + interval '1 year'");
        assertThat(client("b").acquire("x", 2).retryMs()).isLessThanOrEqualTo(15_000);
        assertThat(admin.is("max(expires_at) < now() + interval '20 s' FROM latchkey._session"))
                .isTrue();
    }
}
