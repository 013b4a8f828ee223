package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Elections: what candidates say of themselves, over the queue of a lock. */
final class CandidatesTest extends SqlTest {
    private String join(Party party, long request, String id) throws SQLException {
        return party.ask(
                "SELECT outcome FROM latchkey.join_election(?, 'e', ?, ?, ?)", party.session, request, id, "of " + id);
    }

    private String leave(Party party, long request) throws SQLException {
        return party.ask("SELECT outcome FROM latchkey.leave_election(?, 'e', ?)", party.session, request);
    }

    private String describe(Party party, long request, @Nullable String metadata) throws SQLException {
        return party.ask("SELECT latchkey.describe_candidate(?, 'e', ?, 'x', ?)", party.session, request, metadata);
    }

    private String participants() throws SQLException {
        return admin.ask(
                "SELECT string_agg(participant || CASE WHEN term IS NULL THEN '' ELSE '!' END, ' ' ORDER BY place)"
                        + " FROM latchkey.participants WHERE election = 'e'");
    }

    @Test
    void candidates_leadInTheOrderInWhichTheyJoined() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        assertThat(join(a, 1, "first")).isEqualTo("granted");
        assertThat(join(b, 2, "second")).isEqualTo("queued");
        assertThat(join(a, 3, "third")).isEqualTo("queued");
        assertThat(participants()).isEqualTo("first! second third");
        assertThat(admin.ask(
                        "SELECT leader || ' ' || holder || ' ' || metadata || ' ' || waiting FROM latchkey.leaders"))
                .isEqualTo("first a of first 2");
        assertThat(leave(a, 1)).isEqualTo("handed_over");
        assertThat(participants()).isEqualTo("second! third");
        assertThat(leave(a, 3)).isEqualTo("withdrawn");
        assertThat(leave(a, 3)).as("again").isEqualTo("withdrawn");
        assertThat(leave(b, 2)).isEqualTo("released");
        assertThat(participants()).isEqualTo("null");
        assertThat(count("latchkey.leaders")).isZero();
        assertThat(count("latchkey._candidate")).as("nothing is left behind").isZero();
    }

    @Test
    void join_twice_isOneCandidate_thatSaysSomethingNew() throws SQLException {
        Party a = client("a");
        join(a, 1, "first");
        long term = Long.parseLong(admin.ask("SELECT term FROM latchkey.leaders"));
        assertThat(join(a, 1, "renamed")).isEqualTo("granted");
        assertThat(participants()).isEqualTo("renamed!");
        assertThat(admin.ask("SELECT term FROM latchkey.leaders")).isEqualTo(Long.toString(term));
    }

    @Test
    void join_withoutSession_leavesNothing() throws SQLException {
        Party a = client("a");
        expire(a);
        assertThat(join(a, 1, "late")).isEqualTo("no_session");
        a.session = UUID.randomUUID();
        assertThat(join(a, 1, "stranger")).isEqualTo("no_session");
        assertThat(count("latchkey._candidate")).isZero();
    }

    /** Whatever way a candidacy ends, what was said in it decides nothing: the queue and the lock do. */
    @Test
    void candidate_thatNeitherWaitsNorLeads_isNotSeen() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        join(a, 1, "released");
        join(b, 2, "withdrawn");
        join(c, 3, "expired");
        long token = Long.parseLong(admin.ask("SELECT term FROM latchkey.leaders"));
        b.withdraw("e", 2);
        a.release("e", token);
        expire(c);
        assertThat(count("latchkey._candidate")).isEqualTo(3);
        assertThat(participants()).isEqualTo("null");
        assertThat(count("latchkey.leaders")).isZero();
    }

    @Test
    void describe_ofNoCandidate_writesNothing() throws SQLException {
        Party a = client("a");
        join(a, 1, "a");
        assertThat(describe(a, 1, "new")).isEqualTo("t");
        assertThat(admin.ask("SELECT metadata FROM latchkey.leaders")).isEqualTo("new");
        assertThat(describe(a, 2, "new")).isEqualTo("f");
        leave(a, 1);
        assertThat(describe(a, 1, "new")).isEqualTo("f");
        assertThat(count("latchkey._candidate")).isZero();
    }

    @Test
    void describe_ofNoCandidate_withoutItsLook_leavesRowThatNobodyRemoves() throws SQLException {
        sabotage(
                "describe_candidate",
                "IF EXISTS (SELECT FROM latchkey._lock",
                "IF true OR EXISTS (SELECT FROM latchkey._lock");
        Party a = client("a");
        describe(a, 2, "new");
        admin.ask("SELECT latchkey.reap()");
        assertThat(count("latchkey._candidate")).isEqualTo(1);
    }

    @Test
    void idsAndMetadata_haveLimits() throws SQLException {
        Party a = client("a");
        for (String bad :
                new String[] {"'', ''", "repeat('x', 513), ''", "'x', repeat('ä', 4097)", "'x', NULL", "NULL, ''"}) {
            assertThatThrownBy(() -> a.ask("SELECT latchkey.join_election(?, 'e', 1, " + bad + ")", a.session))
                    .as(bad)
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK002"));
        }
        a.ask("SELECT latchkey.join_election(?, 'e', 1, repeat('x', 512), repeat('ä', 4096))", a.session);
        assertThatThrownBy(() -> describe(a, 1, null)).isInstanceOf(SQLException.class);
    }

    @Test
    void reap_removesWhatSessionsThatAreGoneHaveSaid() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        join(a, 1, "a");
        join(b, 2, "b");
        a.ask("SELECT latchkey.add_watch(?, 5, 'e')", a.session);
        b.ask("SELECT latchkey.add_watch(?, 6, 'e')", b.session);
        expire(a);
        admin.ask("SELECT latchkey.reap()");
        admin.ask("SELECT latchkey.reap()");
        assertThat(participants()).isEqualTo("b!");
        assertThat(count("latchkey._candidate")).isEqualTo(1);
        assertThat(count("latchkey._watch")).isEqualTo(1);
    }

    /** Candidates of one process die together: who is behind them must not rely on them to notice. */
    @Test
    void waiterBehindTheHoldersOwn_looksWhenTheHoldersTimeIsUp() throws SQLException {
        assertThat(lookOfTheWaiterBehindTheHoldersOwn()).isBetween(1L, 15_000L);
    }

    @Test
    void waiterBehindTheHoldersOwn_whenItReliesOnThem_looksTooLate() throws SQLException {
        sabotage("_look_after_waits", "AND e.session IS DISTINCT FROM l.session", "");
        assertThat(lookOfTheWaiterBehindTheHoldersOwn()).isEqualTo(-1);
    }

    /** One leader dies after the other: those of the first stand in the queue for as long as nobody reaps them. */
    @Test
    void waiterBehindOneWhoseSessionHasEnded_looksWhenTheHoldersTimeIsUp() throws SQLException {
        assertThat(lookOfTheWaiterBehindOneThatEnded()).isBetween(1L, 15_000L);
    }

    @Test
    void waiterBehindOneWhoseSessionHasEnded_whenItReliesOnIt_looksTooLate() throws SQLException {
        sabotage("_look_after_waits", "AND o.expires_at > clock_timestamp()", "");
        assertThat(lookOfTheWaiterBehindOneThatEnded()).isEqualTo(-1);
    }

    private long lookOfTheWaiterBehindOneThatEnded() throws SQLException {
        Party a = client("a");
        Party ended = client("ended");
        Party b = client("b");
        join(a, 1, "leads");
        join(ended, 2, "has ended");
        join(b, 3, "waits");
        expire(ended);
        return look(b);
    }

    private long lookOfTheWaiterBehindTheHoldersOwn() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        join(a, 1, "leads");
        join(a, 2, "waits in the same process");
        join(b, 3, "waits");
        return look(b);
    }

    private static long look(Party party) throws SQLException {
        return Long.parseLong(party.ask(
                "SELECT coalesce(look_ms, -1) FROM latchkey.renew_session(?, p_reap => false)", party.session));
    }
}
