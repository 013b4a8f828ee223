package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** One judges that a session's time is up, while another prolongs it. */
final class ExpiryRaceTest extends SqlTest {
    /** A renewal that read the clock when the session still lived, prolonged its row, and has not committed. */
    private Party renewing() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        a.tryAcquire("y", 2).granted();
        expire(a);
        a.begin();
        a.ask(
                "WITH u AS (UPDATE latchkey._session SET expires_at = clock_timestamp() + interval '15 s' WHERE id = ? RETURNING 1)"
                        + " SELECT count(*) FROM u",
                a.session);
        return a;
    }

    @Test
    void try_whileRenewalIsUncommitted_isHeld() throws SQLException {
        Party a = renewing();
        assertThat(client("b").tryAcquire("x", 3).outcome()).isEqualTo("held");
        a.commit();
        assertThat(a.renew()).isEqualTo("alive");
        assertThat(holder("x")).isEqualTo("a");
    }

    @Test
    void try_whenExpiryIsJudgedWithoutTheSessionsRow_makesTwoHolders() throws SQLException {
        sabotage("_end_if_expired", "    DELETE FROM latchkey._session s", """
                    IF EXISTS (SELECT FROM latchkey._session e WHERE e.id = p_session AND e.expires_at <= clock_timestamp()) THEN
                        RETURN 0;
                    END IF;
                    DELETE FROM latchkey._session s\
                """);
        Party a = renewing();
        client("b").tryAcquire("x", 3).granted();
        a.commit();
        assertThat(a.renew()).as("so a still believes that it holds x").isEqualTo("alive");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void acquire_whileRenewalIsUncommitted_queues() throws SQLException {
        Party a = renewing();
        Reply reply = client("b").acquire("x", 3);
        assertThat(reply.outcome()).isEqualTo("queued");
        assertThat(reply.retryMs()).as("look again soon").isBetween(1L, 50L);
        a.commit();
        assertThat(holder("x")).isEqualTo("a");
    }

    @Test
    void reap_whileRenewalIsUncommitted_leavesTheSession() throws SQLException {
        Party a = renewing();
        admin.ask("SELECT latchkey.reap()");
        a.commit();
        assertThat(a.renew()).isEqualTo("alive");
    }

    @Test
    void renewal_behindUncommittedReap_isNoSession() throws SQLException {
        Party a = client("a");
        expire(a);
        Party reaper = connect();
        reaper.begin();
        assertThat(reaper.ask("SELECT latchkey.reap()")).isEqualTo("1");
        Party.Blocked<String> renewal = a.block(admin, Party::renew);
        reaper.commit();
        assertThat(renewal.result()).isEqualTo("no_session");
    }

    @Test
    void renewal_afterTheLockWentToAnother_isNoSession() throws SQLException {
        assertThat(renewAfterExpiry()).isEqualTo("no_session");
    }

    @Test
    void renewal_asUpsert_revivesSessionWhoseLockIsAnothers() throws SQLException {
        sabotage("renew_session", """
                    UPDATE latchkey._session s SET renewed_at = clock_timestamp(), expires_at = latchkey._after_ms(s.timeout_ms)
                     WHERE s.id = p_session AND s.expires_at > clock_timestamp();
                """, """
                    INSERT INTO latchkey._session (id, holder, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
                    VALUES (p_session, 'a', 15000, clock_timestamp(), clock_timestamp(), latchkey._after_ms(15000), clock_timestamp())
                    ON CONFLICT (id) DO UPDATE SET renewed_at = excluded.renewed_at, expires_at = excluded.expires_at;
                """);
        assertThat(renewAfterExpiry()).isEqualTo("alive");
    }

    private String renewAfterExpiry() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        expire(a);
        client("b").tryAcquire("x", 2).granted();
        assertThat(holder("x")).isEqualTo("b");
        return a.renew();
    }

    @Test
    void renewal_behindUncommittedJudgement_isNoSession() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryAcquire("x", 1).granted();
        expire(a);
        b.begin();
        b.tryAcquire("x", 2).granted();
        Party.Blocked<String> renewal = a.block(admin, Party::renew);
        b.commit();
        assertThat(renewal.result()).isEqualTo("no_session");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void twoJudges_onOneLock_makeOneHolder() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        a.tryAcquire("x", 1).granted();
        expire(a);
        b.begin();
        b.tryAcquire("x", 2).granted();
        Party.Blocked<Reply> second = c.block(admin, p -> p.tryAcquire("x", 3));
        b.commit();
        assertThat(second.result().outcome()).isEqualTo("held");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void twoJudges_onTwoLocksOfOneSession_doNotWaitForEachOther() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        a.tryAcquire("x", 1).granted();
        a.tryAcquire("y", 2).granted();
        expire(a);
        b.begin();
        b.tryAcquire("x", 3).granted();
        assertThat(c.tryAcquire("y", 4).outcome()).as("at once").isEqualTo("held");
        b.commit();
        c.tryAcquire("y", 5).granted();
    }

    @Test
    void handOver_toWaiterWhoseSessionExpired_goesToTheNext() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        client("c").acquire("x", 3);
        expire(b);
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("c");
        assertThat(count("latchkey._waiter WHERE token IS NULL")).isZero();
    }

    @Test
    void renewal_thatWaitedForItsRow_countsFromAfterTheWait() throws SQLException {
        assertThat(endAfterWaitingRenewal()).isTrue();
    }

    @Test
    void renewal_thatReadsTheClockBeforeTheRow_isShorterThanItsTimeout() throws SQLException {
        sabotage("renew_session", "PERFORM FROM latchkey._session s WHERE s.id = p_session FOR NO KEY UPDATE;", "");
        assertThat(endAfterWaitingRenewal()).isFalse();
    }

    /** Whether the session lives for its whole timeout from the end of the wait on. */
    private boolean endAfterWaitingRenewal() throws SQLException {
        Party a = client("a");
        Party other = connect();
        other.begin();
        other.ask("SELECT id FROM latchkey._session WHERE id = ? FOR UPDATE", a.session);
        Party.Blocked<String> renewal = a.block(admin, Party::renew);
        String waiting = admin.ask("SELECT clock_timestamp()");
        other.rollback();
        assertThat(renewal.result()).isEqualTo("alive");
        return admin.is(
                "expires_at >= ?::timestamptz + interval '15 s' FROM latchkey._session WHERE id = ?",
                waiting,
                a.session);
    }

    @Test
    void extension_thatWaitedForItsRow_countsFromAfterTheWait() throws SQLException {
        assertThat(endAfterWaitingExtension()).isTrue();
    }

    @Test
    void extension_thatReadsTheClockBeforeTheRow_isShorterThanAskedFor() throws SQLException {
        sabotage("extend_timed", "PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;", "");
        assertThat(endAfterWaitingExtension()).isFalse();
    }

    private boolean endAfterWaitingExtension() throws SQLException {
        Party a = connect();
        Party other = connect();
        long token = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        other.begin();
        other.ask("SELECT name FROM latchkey._lock WHERE name = 'x' FOR UPDATE");
        Party.Blocked<Reply> extension = a.block(admin, p -> p.extendTimed("x", token, 1, MINUTE));
        String waiting = admin.ask("SELECT clock_timestamp()");
        other.rollback();
        extension.result().granted();
        return admin.is("expires_at >= ?::timestamptz + interval '60 s' FROM latchkey._lock WHERE name = 'x'", waiting);
    }
}
