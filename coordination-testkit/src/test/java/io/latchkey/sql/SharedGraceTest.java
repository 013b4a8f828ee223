package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Shares are gone after a crash, and their holders resume them. */
final class SharedGraceTest extends SqlTest {
    /** Resumes one lease under a new id; whether it was kept. Weight NULL: an exclusive one. */
    private static boolean resume(
            Party party, String name, long token, long request, @Nullable Integer weight, @Nullable Integer permits)
            throws SQLException {
        UUID old = party.session;
        party.session = UUID.randomUUID();
        return party.ask(
                        "SELECT kept[1] FROM latchkey.resume_session(?, ?, 'resumed', 15000, NULL, ARRAY[?], ARRAY[?::bigint],"
                                + " ARRAY[?::bigint], ARRAY[NULL::bigint], ARRAY[?::integer], ARRAY[?::integer])",
                        old,
                        party.session,
                        name,
                        token,
                        request,
                        weight,
                        permits)
                .equals("t");
    }

    private static boolean resumeReader(Party party, long token, long request) throws SQLException {
        return resume(party, "x", token, request, 1, null);
    }

    @Test
    void readers_resume_andKeepTheWriterOut() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        long one = a.tryRead("x", 1).granted();
        long two = b.tryRead("x", 2).granted();
        loseUnloggedData();
        c.open("c", 15_000);
        assertThat(c.acquire("x", 3).outcome()).isEqualTo("queued");
        assertThat(c.tryRead("x", 4).outcome())
                .as("nothing new in the grace period")
                .isEqualTo("held");
        assertThat(resumeReader(b, two, 2)).isTrue();
        assertThat(resumeReader(a, one, 1)).isTrue();
        assertThat(resumeReader(a, one, 1)).as("its answer was lost").isTrue();
        a.fence("x", one);
        assertThat(a.upgrade("x", one, 5).outcome())
                .as("others may not have resumed yet")
                .isEqualTo("held");
        endGracePeriod();
        assertThat(c.renew()).isEqualTo("alive");
        assertThat(count("latchkey.locks")).isEqualTo(2);
        assertThat(a.giveBack("x", one)).isEqualTo("released");
        assertThat(b.giveBack("x", two)).isEqualTo("handed_over");
        assertThat(holders("x")).isEqualTo("c");
    }

    @Test
    void reader_resumes_whateverAnotherOneDoesBefore() throws SQLException {
        assertThat(resumesAfterOthers()).isEqualTo("true true true");
    }

    @Test
    void reader_whenSharesAreForgottenInTheGracePeriod_doesNotResume() throws SQLException {
        sabotage("_settle", "(SELECT i.grace_left_ms FROM latchkey._incarnation() i) > 0", "false");
        assertThat(resumesAfterOthers()).contains("false");
    }

    @Test
    void reader_whenTheLastReleaseOfTheGracePeriodGivesTheShortCutBack_doesNotResume() throws SQLException {
        sabotage(
                "_release_share",
                "NOT EXISTS (SELECT FROM latchkey._incarnation i",
                "NOT true AND EXISTS (SELECT FROM latchkey._incarnation i");
        assertThat(resumesAfterOthers()).contains("false");
    }

    /** Two readers each; before one of them resumes the other one releases, closes its session, or somebody settles the lock. */
    private String resumesAfterOthers() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        StringBuilder kept = new StringBuilder();
        for (String what : new String[] {"release", "close", "settle"}) {
            long first = what.hashCode();
            long second = first + 1;
            long one = a.tryRead(what, first).granted();
            long two = b.tryRead(what, second).granted();
            loseUnloggedData();
            if (what.equals("release")) {
                assertThat(resume(a, what, one, first, 1, null)).isTrue();
                a.giveBack(what, one);
                kept.append(resume(b, what, two, second, 1, null)).append(' ');
            } else {
                if (what.equals("close")) {
                    assertThat(resume(b, what, two, second, 1, null)).isTrue();
                    b.close(null);
                } else {
                    admin.settle(what);
                }
                kept.append(resume(a, what, one, first, 1, null)).append(' ');
            }
            endGracePeriod();
            a.open("a", 15_000);
            b.open("b", 15_000);
        }
        return kept.toString().trim();
    }

    @Test
    void placeInTheRow_isResumedByItsOwnerAlone() throws SQLException {
        Party a = client("a");
        a.giveBack("x", a.tryRead("x", 1).granted());
        long token = a.tryRead("x", 2).granted();
        Party thief = client("thief");
        loseUnloggedData();
        assertThat(resumeReader(thief, token, 2)).isFalse();
        assertThat(claimOfNobody(token)).isEqualTo("f");
        assertThat(resumeReader(a, token, 3)).as("another call").isFalse();
        assertThat(resumeReader(a, token, 2))
                .as("its session had another id by now")
                .isFalse();
    }

    @Test
    void placeInTheRow_whenNoOldSessionIsTakenForTheRightOne_isResumedByAnybody() throws SQLException {
        sabotage(
                "_resume_share",
                "coalesce(v_lock.first_session NOT IN (p_old, p_new), true)",
                "v_lock.first_session NOT IN (p_old, p_new)");
        Party a = client("a");
        a.giveBack("x", a.tryRead("x", 1).granted());
        long token = a.tryRead("x", 2).granted();
        loseUnloggedData();
        assertThat(claimOfNobody(token)).isEqualTo("t");
    }

    /** Of the reader with request 2, without saying which session it was in. */
    private String claimOfNobody(long token) throws SQLException {
        return admin.ask(
                "SELECT kept[1] FROM latchkey.resume_session(NULL, gen_random_uuid(), 'thief', 15000, NULL, ARRAY['x'], ARRAY[?::bigint],"
                        + " ARRAY[2::bigint], ARRAY[NULL::bigint], ARRAY[1], ARRAY[NULL::integer])",
                token);
    }

    @Test
    void writerWhoseGrantWasLost_resumes_andThePlaceInTheRowIsFree() throws SQLException {
        assertThat(placeAfterLostWriterResumed()).isEqualTo("null");
    }

    @Test
    void writerWhoseGrantWasLost_whenSharesInTheRowStay_isBesideOne() throws SQLException {
        sabotage(
                "_void_shares",
                "UPDATE latchkey._lock l SET first_session = NULL",
                "UPDATE latchkey._lock l SET first_session = l.first_session");
        assertThat(placeAfterLostWriterResumed()).isNotEqualTo("null");
    }

    private String placeAfterLostWriterResumed() throws SQLException {
        long read = client("a").tryRead("x", 1).granted();
        loseUnloggedData();
        assertThat(resume(client("b"), "x", read + 1, 2, null, null)).isTrue();
        return admin.ask("SELECT first_session FROM latchkey._lock");
    }

    @Test
    void readerThatHasResumed_andHasAFenceOpen_isNotUpgraded_andNobodyWaits() throws SQLException {
        assertThat(upgradeUnderFenceAfterResume().outcome()).isEqualTo("held");
    }

    @Test
    void readerThatHasResumed_whenItsOldPlaceIsTakenForItsOwn_waitsForItsFence() throws SQLException {
        sabotage("_upgrade", "v_lock.first_session IS NULL OR ", "");
        assertThatThrownBy(this::upgradeUnderFenceAfterResume)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57014"));
    }

    private Reply upgradeUnderFenceAfterResume() throws SQLException {
        Party a = client("a");
        long token = a.tryRead("x", 1).granted();
        loseUnloggedData();
        assertThat(resumeReader(a, token, 1)).isTrue();
        endGracePeriod();
        Party transaction = connect();
        transaction.begin();
        transaction.fence("x", token);
        a.execute("SET statement_timeout = '2s'");
        return a.upgrade("x", token, 2);
    }

    @Test
    void readersThatDoNotComeBack_keepNobodyOut() throws SQLException {
        client("a").tryRead("x", 1).granted();
        loseUnloggedData();
        Party b = client("b");
        endGracePeriod();
        long write = b.tryAcquire("x", 2).granted();
        assertThat(b.release("x", write)).isEqualTo("released");
    }

    @Test
    void readerWhoseGrantWasLost_resumes_afterAWriterThatWasOver() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long write = b.tryAcquire("x", 1).granted();
        a.begin();
        b.release("x", write);
        long read = a.tryRead("x", 2).granted();
        a.rollback();
        admin.execute("UPDATE latchkey._lock SET token = " + write
                + ", session = gen_random_uuid(), request = 1"); // lost as well
        loseUnloggedData();
        assertThat(resumeReader(a, read, 2)).isTrue();
        assertThat(resume(b, "x", write, 1, null, null)).isFalse();
        a.fence("x", read);
        assertThatThrownBy(() -> b.fence("x", write)).hasMessageContaining("is not current any more");
    }

    @Test
    void readerAndLaterWriter_higherTokenWins_inEitherOrder() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long read = a.tryRead("x", 1).granted();
        expire(a);
        long write = b.tryAcquire("x", 2).granted();
        loseUnloggedData();
        assertThat(resume(b, "x", write, 2, null, null)).isTrue();
        assertThat(resumeReader(a, read, 1)).isFalse();
        b.fence("x", write);

        admin.execute("DELETE FROM latchkey._lock"); // now the reader comes first
        loseUnloggedData();
        assertThat(resumeReader(a, read, 1)).isTrue();
        assertThat(resume(b, "x", write, 2, null, null)).isTrue();
        b.fence("x", write);
        assertThatThrownBy(() -> a.fence("x", read)).hasMessageContaining("is not current any more");
        assertThat(count("latchkey._share")).isZero();
        endGracePeriod();
        assertThat(b.release("x", write)).isIn("released");
        client("c").tryAcquire("x", 3).granted();
    }

    @Test
    void readerFromBeforeAWriterThatIsOver_isNotResumed() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long read = a.tryRead("x", 1).granted();
        expire(a);
        b.release("x", b.tryAcquire("x", 2).granted());
        loseUnloggedData();
        assertThat(resumeReader(a, read, 1)).isFalse();

        loseUnloggedData();
        b.open("b", 15_000);
        endGracePeriod();
        b.tryRead("x", 3).granted(); // and now others read
        loseUnloggedData();
        assertThat(resumeReader(a, read, 1)).isFalse();
    }

    @Test
    void readerFromBeforeAWriter_whenTheRowDoesNotTellWhereSharesBegin_isResumed() throws SQLException {
        sabotage("_resume_share", "OR p_token <= v_lock.shared_above", "");
        sabotage("_resume_share", "AND h.token > l.shared_above", "");
        Party a = client("a");
        Party b = client("b");
        long read = a.tryRead("x", 1).granted();
        expire(a);
        b.release("x", b.tryAcquire("x", 2).granted());
        b.tryRead("x", 3).granted();
        loseUnloggedData();
        assertThat(resumeReader(a, read, 1)).isTrue();
    }

    @Test
    void permits_resume_evenIfTheCrashForgotTheSemaphore() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long two = a.tryPermits("s", 1, 2, 3).granted();
        loseUnloggedData();
        admin.execute("DELETE FROM latchkey._lock");
        assertThat(resume(a, "s", two, 1, 2, 3)).isTrue();
        assertThat(resume(b, "s", two + 1, 2, 1, null))
                .as("a lock has not this name")
                .isFalse();
        endGracePeriod();
        Party c = client("c");
        assertThat(c.tryPermits("s", 3, 2, 3).outcome()).isEqualTo("held");
        c.tryPermits("s", 4, 1, 3).granted();
        a.fence("s", two);
        assertThat(a.giveBack("s", two)).isEqualTo("released");
        assertThat(admin.ask("SELECT in_use || ' of ' || permits FROM latchkey.semaphores"))
                .isEqualTo("1 of 3");
    }

    @Test
    void crash_withoutGracePeriod_makesAWriterBesideAReader() throws SQLException {
        sabotage("_incarnation", "latchkey._after_ms(s.grace_ms)", "clock_timestamp()");
        client("a").tryRead("x", 1).granted();
        loseUnloggedData();
        client("b").tryAcquire("x", 2).granted();
    }
}
