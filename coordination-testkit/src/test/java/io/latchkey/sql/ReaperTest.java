package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code latchkey.reap()} makes expiry visible, and waits for nobody. */
final class ReaperTest extends SqlTest {
    private static final Pattern BLOCKS = Pattern.compile("\"Shared (?:Hit|Read) Blocks\": (\\d+)");

    private String reap() throws SQLException {
        return admin.ask("SELECT latchkey.reap()");
    }

    @Test
    void reap_endsExpiredSessions_andHandsTheirLocksOver() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        a.tryAcquire("y", 2).granted();
        client("b").acquire("x", 3);
        expire(a);
        assertThat(reap()).as("a session and a queue").isEqualTo("2");
        assertThat(holder("x")).isEqualTo("b");
        assertThat(holder("y")).isEqualTo("none");
        assertThat(count("latchkey._session")).isEqualTo(1);
        assertThat(reap()).isEqualTo("0");
    }

    @Test
    void reap_handsOverExpiredTimedLease() throws SQLException {
        Party a = connect();
        a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        client("b").acquire("x", 2);
        admin.execute("UPDATE latchkey._lock SET expires_at = clock_timestamp()");
        reap();
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void reap_removesWaitersWhoseSessionIsGone() throws SQLException {
        Party b = client("b");
        client("a").tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        expire(b);
        reap();
        assertThat(count("latchkey._waiter")).isZero();
        assertThat(holder("x")).isEqualTo("a");
    }

    @Test
    void reap_deletesLongIdleRows_andRemembersTheHighestToken() throws SQLException {
        Party a = client("a");
        long x = a.tryAcquire("x", 1).granted();
        a.release("x", x);
        a.release("y", a.tryAcquire("y", 2).granted());
        a.tryAcquire("held", 3).granted();
        a.acquireTimed("timed", 4, false, MINUTE, 0).granted();
        client("b").acquire("waited for", 5).granted();
        client("c").acquire("waited for", 6);
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days' WHERE name <> 'y'");
        assertThat(reap()).isEqualTo("1");
        assertThat(admin.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM latchkey._lock"))
                .isEqualTo("held timed waited for y");
        assertThat(admin.ask("SELECT token_floor FROM latchkey._setting")).isEqualTo(String.valueOf(x));
    }

    @Test
    void reap_doesNotDeleteRowUnderOpenFence() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = connect();
        transaction.begin();
        transaction.fence("x", token);
        a.release("x", token);
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days'");
        assertThat(reap()).isEqualTo("0");
        assertThat(count("latchkey._lock")).isEqualTo(1);
    }

    @Test
    void reap_passesRowsThatOthersHaveLocked() throws SQLException {
        Party a = client("a");
        Party stuck = client("stuck");
        a.tryAcquire("x", 1).granted();
        a.tryAcquire("y", 2).granted();
        a.release("idle", a.tryAcquire("idle", 3).granted());
        client("b").acquire("x", 4);
        client("c").acquire("y", 5);
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days' WHERE name = 'idle'");
        expire(a);
        expire(stuck);
        Party other = connect();
        other.begin();
        other.ask("SELECT count(*) FROM (SELECT FROM latchkey._lock WHERE name IN ('x', 'idle') FOR UPDATE) l");
        other.ask("SELECT id FROM latchkey._session WHERE id = ? FOR UPDATE", stuck.session);
        admin.execute("SET statement_timeout = '2s'");
        reap();
        assertThat(holder("y")).isEqualTo("c");
        other.rollback();
        reap();
        assertThat(holder("x")).isEqualTo("b");
        assertThat(count("latchkey._lock WHERE name = 'idle'")).isZero();
        assertThat(count("latchkey._session")).isEqualTo(2);
    }

    @Test
    void reap_whileAnotherReaps_doesNothingAndDoesNotWait() throws SQLException {
        Party a = client("a");
        Party reaper = connect();
        reap();
        reaper.begin();
        reaper.ask("SELECT latchkey.reap()");
        expire(a);
        admin.execute("SET statement_timeout = '2s'");
        assertThat(reap()).isEqualTo("0");
        reaper.commit();
        assertThat(reap()).isEqualTo("1");
    }

    @Test
    void renewal_whenTheReapersRowIsInsertedEachTime_waitsForAnotherReaper() throws SQLException {
        sabotage("_reap_in_turn", "IF NOT EXISTS (SELECT FROM latchkey._reaper) THEN", "IF true THEN");
        Party a = client("a");
        Party reaper = connect();
        reap();
        admin.execute("UPDATE latchkey._reaper SET last_run = now() - interval '10 s'");
        reaper.begin();
        reaper.ask("SELECT latchkey.reap()");
        Party.Blocked<String> renewal = a.block(admin, Party::renew);
        reaper.commit();
        assertThat(renewal.result()).isEqualTo("alive");
    }

    @Test
    void renewal_reapsOnlyWhenNobodyDidForAWhile() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        reap();
        expire(a);
        b.renew();
        assertThat(count("latchkey._session")).as("reaped a moment ago").isEqualTo(2);
        admin.execute("UPDATE latchkey._reaper SET last_run = now() - interval '10 s'");
        b.renew();
        assertThat(count("latchkey._session")).isEqualTo(1);
        expire(b);
        admin.execute("UPDATE latchkey._reaper SET last_run = now() + interval '1 year'"); // the clock went back
        client("c").renew();
        assertThat(count("latchkey._session")).isEqualTo(1);
    }

    @Test
    void reap_ofMoreThanItsLimit_goesOnWithTheNextCall() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        for (int i = 0; i < 25; i++) {
            a.tryAcquire("lock " + i, i).granted();
            b.acquire("lock " + i, i);
        }
        expire(a);
        for (int i = 0; i < 4 && count("latchkey.locks") < 25; i++) {
            assertThat(count("latchkey.locks")).isEqualTo(i * 10L);
            admin.ask("SELECT latchkey.reap(10)");
        }
        assertThat(count("latchkey.locks WHERE holder = 'b'")).isEqualTo(25);
    }

    @Test
    void reap_duringGracePeriod_leavesEverything() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.release("x", token);
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days'");
        loseUnloggedData();
        assertThat(reap()).isEqualTo("0");
        assertThat(count("latchkey._lock")).isEqualTo(1);
    }

    @Test
    void reap_ofTooManySessionsForOneCall_looksAtABoundedPart_andComesRound() throws SQLException {
        Party last = crowd();
        long all = pages("SELECT count(*) FROM latchkey._session");
        long part = pages("SELECT latchkey.reap()");
        assertThat(part).as("pages of %s", all).isLessThan(all * 3 / 4);
        for (int i = 0; i < 3 && count("latchkey._session WHERE holder = 'last'") > 0; i++) {
            reap();
        }
        assertThat(last.renew()).isEqualTo("no_session");
        assertThat(count("latchkey._session")).isEqualTo(60_000);
    }

    @Test
    void reap_withoutItsBound_looksAtAll() throws SQLException {
        sabotage("_reap_sessions", "e.ctid < format('(%s,0)', v_from + 1000)::tid", "true");
        crowd();
        long all = pages("SELECT count(*) FROM latchkey._session");
        assertThat(pages("SELECT latchkey.reap()")).isGreaterThan(all * 3 / 4);
    }

    /** Many who live, and behind them one whose time is up. */
    private Party crowd() throws SQLException {
        admin.execute(
                "INSERT INTO latchkey._session SELECT gen_random_uuid(), 'client', repeat('c', 63), 15000, now(), now(),"
                        + " now() + interval '1 hour', now() FROM generate_series(1, 60000)");
        Party last = client("last");
        expire(last);
        for (int i = 0; i < 20; i++) { // what the table's first use costs is not to be counted
            admin.ask("SELECT latchkey.reap(1)");
            admin.execute("UPDATE latchkey._reaper SET session_page = 0");
        }
        return last;
    }

    /** Pages that a query reads. */
    private long pages(String query) throws SQLException {
        String plan = admin.ask("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + query);
        return BLOCKS.matcher(plan)
                .results()
                .limit(2)
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .sum();
    }
}
