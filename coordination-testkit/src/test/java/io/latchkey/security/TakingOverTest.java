package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What fuzzing found, as stories: an application that takes over what another one has, or stops others from being served. */
@Timeout(60)
final class TakingOverTest {
    private final TestDatabase database = SecureServer.installed();
    private final TestRole role = SecureServer.member(database, "latchkey_client");

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    @SuppressWarnings("NullAway.Init")
    private Caller victim;

    @SuppressWarnings("NullAway.Init")
    private Caller attacker;

    @BeforeEach
    void open() throws SQLException {
        admin = new Caller(database.address());
        victim = new Caller(database.address()).open("victim");
        attacker = new Caller(database.address().withUser(role)).open("attacker");
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        victim.close();
        attacker.close();
        database.close();
    }

    /** With a session that is there already, as in a call that is repeated because its answer was lost. */
    private String holderAfterClaim() throws SQLException {
        String token = victim.ask(
                "SELECT (q.r).token FROM (SELECT latchkey.acquire_lock(?, 'x', 1, false)::latchkey.reply AS r) q",
                victim.session);
        String kept = attacker.ask(
                "SELECT outcome || kept::text FROM latchkey.resume_session(gen_random_uuid(), ?, 'attacker', 600000, NULL,"
                        + " '{x}', ARRAY[?::bigint + 1], '{2}', '{NULL}')",
                attacker.session, token);
        return kept + " " + admin.ask("SELECT holder FROM latchkey.locks WHERE name = 'x'");
    }

    @Test
    void resume_outsideTheGracePeriod_claimsNothing() throws SQLException {
        assertThat(holderAfterClaim()).isEqualTo("resumed{f} victim");
    }

    @Test
    void resume_outsideTheGracePeriod_whenItWritesAllTheSame_takesTheLockOfAnother() throws SQLException {
        admin.sabotage("resume_session", "WHEN v_grace = 0  --", "WHEN false  --");
        assertThat(holderAfterClaim()).isEqualTo("resumed{t} attacker");
    }

    @Test
    void resume_thatIsRepeatedAfterTheGracePeriod_saysWhatTheFirstOneKept() throws SQLException {
        String token = victim.ask(
                "SELECT (q.r).token FROM (SELECT latchkey.acquire_lock(?, 'x', 1, false)::latchkey.reply AS r) q",
                victim.session);
        assertThat(victim.ask(
                        "SELECT outcome || kept::text FROM latchkey.resume_session(gen_random_uuid(), ?, 'victim', 600000, NULL,"
                                + " '{x,y}', ARRAY[?::bigint, 5], '{1,2}', '{NULL,NULL}')",
                        victim.session,
                        token))
                .isEqualTo("resumed{t,f}");
    }

    /** Waits for a lock with the number that its lease of another lock has: the index over both knows only one. */
    private String releaseBeforeABadWaiter() throws SQLException {
        String token = victim.ask(
                "SELECT (q.r).token FROM (SELECT latchkey.acquire_lock(?, 'x', 1, false)::latchkey.reply AS r) q",
                victim.session);
        victim.ask("SELECT latchkey.acquire_shared(?, 'other', 3, true)", victim.session);
        attacker.ask("SELECT latchkey.acquire_shared(?, 'x', 7, true)", attacker.session);
        attacker.ask("SELECT latchkey.acquire_shared(?, 'other', 7, true)", attacker.session);
        admin.ask("SELECT latchkey.acquire_lock(?, 'x', 2, true)", victim.session);
        return victim.stateOf("SELECT latchkey.release_lock('" + victim.session + "', 'x', " + token + ")") + " "
                + admin.ask("SELECT holder FROM latchkey.locks WHERE name = 'x'");
    }

    @Test
    void waiterWithANumberThatIsInUse_keepsNobodyFromBeingServed() throws SQLException {
        assertThat(releaseBeforeABadWaiter()).isEqualTo("00000 victim");
    }

    @Test
    void waiterWithANumberThatIsInUse_withoutTheGuard_stopsTheHandOver() throws SQLException {
        admin.sabotage("_hand_over", "ON CONFLICT DO NOTHING RETURNING", "RETURNING");
        assertThat(releaseBeforeABadWaiter()).startsWith("23505");
    }
}
