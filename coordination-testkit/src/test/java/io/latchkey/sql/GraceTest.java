package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Array;
import java.sql.SQLException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** After a crash has emptied the unlogged tables: nothing new for a while, and holders resume. */
final class GraceTest extends SqlTest {
    /** Resumes under a new id; the outcome and what was kept, such as {@code resumed {t,f}}. */
    private static String resume(Party party, String[] names, Long[] tokens, Long[] requests) throws SQLException {
        return resume(party, names, party.numbers(tokens), party.numbers(requests), null);
    }

    private static String resume(Party party, String[] names, Array tokens, Array requests, @Nullable Array leftMs)
            throws SQLException {
        UUID old = party.session;
        party.session = UUID.randomUUID();
        return party.ask(
                "SELECT outcome || ' ' || kept::text FROM latchkey.resume_session(?, ?, 'resumed', 15000, NULL, ?, ?, ?, ?)",
                old,
                party.session,
                party.texts(names),
                tokens,
                requests,
                leftMs);
    }

    private static String resume(Party party, String name, long token, long request) throws SQLException {
        return resume(party, new String[] {name}, new Long[] {token}, new Long[] {request});
    }

    @Test
    void crash_whichLostTheGrant_keepsTheLockFromOthers() throws SQLException {
        assertThat(tryAfterLostGrant().outcome()).isEqualTo("held");
    }

    @Test
    void crash_withoutGracePeriod_makesTwoHolders() throws SQLException {
        sabotage("_incarnation", "latchkey._after_ms(s.grace_ms)", "clock_timestamp()");
        assertThat(tryAfterLostGrant().outcome())
                .as("while the first still believes in its lease")
                .isEqualTo("granted");
    }

    private Reply tryAfterLostGrant() throws SQLException {
        Party a = client("a");
        a.begin();
        a.tryAcquire("x", 1).granted();
        a.rollback(); // committed without a flush, and lost
        loseUnloggedData();
        return client("b").tryAcquire("x", 2);
    }

    @Test
    void gracePeriod_grantsNothing_toTriesWaitersAndHandOvers() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.release("free", a.tryAcquire("free", 2).granted());
        loseUnloggedData();
        Party b = client("b");
        assertThat(b.tryAcquire("free", 3).outcome()).isEqualTo("held");
        assertThat(b.tryAcquire("unknown", 4).outcome()).isEqualTo("held");
        assertThat(b.acquireTimed("free", 5, false, MINUTE, 0).outcome()).isEqualTo("held");
        assertThat(b.acquire("x", 6).outcome()).isEqualTo("queued");
        assertThat(b.acquire("free", 7).outcome()).isEqualTo("queued");
        assertThat(resume(a, "x", token, 1)).isEqualTo("resumed {t}");
        assertThat(a.release("x", token)).isEqualTo("grace");
        assertThat(admin.settle("x")).isEqualTo("grace");
        assertThat(b.renew()).isEqualTo("alive");
        admin.ask("SELECT latchkey.reap()");
        assertThat(count("latchkey.locks")).isZero();
        endGracePeriod();
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(admin.ask("SELECT string_agg(name, ' ' ORDER BY name) FROM latchkey.locks WHERE holder = 'b'"))
                .isEqualTo("free x");
    }

    @Test
    void incarnation_isAnotherOneAfterTheCrash_andTheSameForAll() throws SQLException {
        Party a = client("a");
        String before = a.ask("SELECT incarnation FROM latchkey.renew_session(?)", a.session);
        loseUnloggedData();
        String after = a.ask("SELECT incarnation FROM latchkey.renew_session(?)", a.session);
        assertThat(after).isNotEqualTo(before);
        assertThat(connect().ask("SELECT incarnation FROM latchkey.open_session('b')"))
                .isEqualTo(after);
    }

    @Test
    void resume_writesLostLeasesAgain_andDropsWhatIsNotClaimed() throws SQLException {
        Party a = client("a");
        long kept = a.tryAcquire("kept", 1).granted();
        long lost = a.tryAcquire("lost", 2).granted();
        a.tryAcquire("not claimed", 3).granted();
        admin.execute("DELETE FROM latchkey._lock WHERE name = 'lost'");
        loseUnloggedData();
        assertThat(resume(a, new String[] {"kept", "lost"}, new Long[] {kept, lost}, new Long[] {1L, 2L}))
                .isEqualTo("resumed {t,t}");
        a.fence("kept", kept);
        a.fence("lost", lost);
        assertThat(holder("not claimed")).isEqualTo("none");
        assertThat(a.ask("SELECT grace_left_ms BETWEEN 1 AND 15000 FROM latchkey._incarnation()"))
                .isEqualTo("t");
        endGracePeriod();
        client("b").tryAcquire("not claimed", 4).granted();
        assertThat(client("c").tryAcquire("lost", 5).outcome()).isEqualTo("held");
    }

    @Test
    void resume_higherTokenWins_inEitherOrder() throws SQLException {
        Party older = client("older");
        Party newer = client("newer");
        long low = older.tryAcquire("x", 1).granted();
        older.release("x", low);
        long high = newer.tryAcquire("x", 2).granted();
        loseUnloggedData();
        assertThat(resume(newer, "x", high, 2)).isEqualTo("resumed {t}");
        assertThat(resume(older, "x", low, 1)).isEqualTo("resumed {f}");
        newer.fence("x", high);

        admin.execute("DELETE FROM latchkey._lock"); // now the other one comes first
        assertThat(resume(older, "x", low, 1)).isEqualTo("resumed {t}");
        assertThat(resume(newer, "x", high, 2)).isEqualTo("resumed {t}");
        newer.fence("x", high);
        assertThatThrownBy(() -> older.fence("x", low)).hasMessageContaining("is not current any more");
    }

    @Test
    void resume_ofWhatWasReleasedOrIsAnothers_isNotKept() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.release("x", token);
        long others = client("b").tryAcquire("y", 2).granted();
        loseUnloggedData();
        assertThat(resume(a, new String[] {"x", "y"}, new Long[] {token, others}, new Long[] {1L, 3L}))
                .isEqualTo("resumed {f,f}");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void resume_ofTimedLease_keepsOrRestoresIt() throws SQLException {
        Party a = client("a");
        long kept = a.acquireTimed("kept", 1, false, MINUTE, 0).granted();
        long lost = a.acquireTimed("lost", 2, false, MINUTE, 0).granted();
        admin.execute("DELETE FROM latchkey._lock WHERE name = 'lost'");
        loseUnloggedData();
        String[] names = {"kept", "lost"};
        assertThat(resume(
                        a,
                        names,
                        a.numbers(kept, lost),
                        a.numbers(1L, 2L),
                        a.numbers((long) MINUTE / 2, (long) MINUTE / 2)))
                .isEqualTo("resumed {t,t}");
        assertThat(admin.ask("SELECT string_agg(name || ' ' || lease, ', ' ORDER BY name) FROM latchkey.locks"))
                .isEqualTo("kept timed, lost timed");
        a.fence("lost", lost);
    }

    @Test
    void resume_afterTheGracePeriod_isTooLate() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        loseUnloggedData();
        client("b");
        endGracePeriod();
        assertThat(resume(a, "x", token, 1)).isEqualTo("too_late {f}");
        assertThat(holder("x")).isEqualTo("none");
        assertThat(a.renew()).isEqualTo("no_session");
    }

    @Test
    void resume_repeated_isHarmless() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        loseUnloggedData();
        assertThat(resume(a, "x", token, 1)).isEqualTo("resumed {t}");
        assertThat(resume(a, "x", token, 1)).as("its first answer was lost").isEqualTo("resumed {t}");
        a.fence("x", token);
    }

    @Test
    void resume_withTokenFarInTheFuture_isRefused() throws SQLException {
        Party a = client("a");
        loseUnloggedData();
        long nextYear = (System.currentTimeMillis() / 1000 + 366L * 24 * 3600) * 1_000_000;
        assertThatThrownBy(() -> resume(a, "x", nextYear, 1))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK002"));
    }

    @Test
    void longerTimeout_makesTheGracePeriodLonger_withFlushedCommit() throws SQLException {
        Party a = connect();
        a.execute("SET synchronous_commit = off");
        a.begin();
        a.open("a", 20_000);
        assertThat(a.ask("SHOW synchronous_commit")).isEqualTo("on");
        a.commit();
        assertThat(a.ask("SHOW synchronous_commit")).isEqualTo("off");
        assertThat(admin.ask("SELECT grace_ms FROM latchkey._setting")).isEqualTo("20000");
        client("b");
        assertThat(admin.ask("SELECT grace_ms FROM latchkey._setting"))
                .as("never shorter")
                .isEqualTo("20000");
        loseUnloggedData();
        assertThat(admin.is("grace_left_ms > 15000 FROM latchkey._incarnation()"))
                .isTrue();
    }

    @Test
    void end_ofGracePeriod_furtherAwayThanItsLength_isClamped() throws SQLException {
        admin.execute(
                "UPDATE latchkey._incarnation SET granting_from = now() + interval '1 year'"); // the clock went back
        assertThat(client("a").tryAcquire("x", 1).retryMs()).isLessThanOrEqualTo(15_000);
        assertThat(admin.is("granting_from < now() + interval '20 s' FROM latchkey._incarnation"))
                .isTrue();
    }

    @Test
    void waiterAfterCrash_isServed_thoughItsTicketsWouldStartAgain() throws SQLException {
        assertThat(releaseToWaiterAfterCrash()).isEqualTo("handed_over");
    }

    @Test
    void waiterAfterCrash_ifTicketsStartedAgain_isPassedOver() throws SQLException {
        sabotage("_spread_tables", "setval('latchkey._waiter_ticket_seq',", "num_nulls(0,");
        assertThat(releaseToWaiterAfterCrash()).isEqualTo("released");
    }

    private String releaseToWaiterAfterCrash() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        admin.ask("SELECT setval('latchkey._waiter_ticket_seq', 1000000)");
        client("b").acquire("x", 2);
        assertThat(a.release("x", token)).isEqualTo("handed_over"); // so that ticket was served
        loseUnloggedData();
        Party c = client("c");
        Party d = client("d");
        endGracePeriod();
        long next = c.tryAcquire("x", 3).granted();
        assertThat(d.acquire("x", 4).outcome()).isEqualTo("queued");
        return c.release("x", next);
    }
}
