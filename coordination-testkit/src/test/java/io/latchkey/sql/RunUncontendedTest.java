package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Many locks in one statement: what is simple is done, what is not is left alone. */
final class RunUncontendedTest extends SqlTest {
    @Test
    void freeLocks_areTaken_andOwnOnesGivenBack_inOneStatement() throws SQLException {
        Party a = client("a");
        makeFree("x", "y");
        long token = a.tryAcquire("z", 1).granted();
        String[] answers =
                answers(a.uncontended(a.texts("z", "x", "y"), a.numbers(null, 11L, 12L), a.numbers(token, null, null)));
        assertThat(answers[0]).isEqualTo(String.valueOf(token));
        assertThat(holder("z")).isEqualTo("none");
        assertThat(holder("x")).isEqualTo("a");
        assertThat(holder("y")).isEqualTo("a");
        assertThat(a.tryAcquire("x", 11).granted()).isEqualTo(Long.parseLong(answers[1]));
        assertThat(a.tryAcquire("y", 12).granted()).isEqualTo(Long.parseLong(answers[2]));
        assertThat(a.release("x", Long.parseLong(answers[1]))).isEqualTo("released");
    }

    @Test
    void tokens_rise_alsoWhereTheClockWentBack() throws SQLException {
        Party a = client("a");
        makeFree("x");
        long before = Long.parseLong(admin.ask("SELECT token FROM latchkey._lock WHERE name = 'x'"));
        long first = Long.parseLong(answers(a.uncontended("x"))[0]);
        assertThat(first).isGreaterThan(before);
        a.release("x", first);
        admin.execute("UPDATE latchkey._lock SET token = token + 3600000000 WHERE name = 'x'");
        assertThat(a.uncontended("x")).isEqualTo("{NULL}");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void tokens_withoutThatLook_fall() throws SQLException {
        sabotage("run_uncontended", "l.token < v_next", "true");
        Party a = client("a");
        makeFree("x");
        admin.execute("UPDATE latchkey._lock SET token = token + 3600000000 WHERE name = 'x'");
        long before = Long.parseLong(admin.ask("SELECT token FROM latchkey._lock WHERE name = 'x'"));
        assertThat(Long.parseLong(answers(a.uncontended("x"))[0])).isLessThan(before);
    }

    @Test
    void whatIsNotSimple_isLeftAlone() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long held = b.tryAcquire("held", 1).granted();
        long wanted = a.tryAcquire("wanted", 2).granted();
        assertThat(b.acquire("wanted", 3).outcome()).isEqualTo("queued");
        b.acquireTimed("timed", 4, false, MINUTE, 0).granted();
        long shared = b.tryRead("shared", 5).granted();
        b.tryPermits("semaphore", 6, 1, 2).granted();
        assertThat(a.uncontended("held", "timed", "shared", "semaphore", "unknown"))
                .isEqualTo("{NULL,NULL,NULL,NULL,NULL}");
        assertThat(a.uncontended(
                        a.texts("held", "wanted", "shared", "unknown"),
                        a.numbers(),
                        a.numbers(held, wanted, shared, 7L)))
                .isEqualTo("{NULL,NULL,NULL,NULL}");
        assertThat(holder("held")).isEqualTo("b");
        assertThat(holder("wanted")).isEqualTo("a");
        assertThat(holder("timed")).isEqualTo("timed holder");
        assertThat(holder("shared")).isEqualTo("b");
        assertThat(admin.ask("SELECT count(*) FROM latchkey._lock WHERE name = 'unknown'"))
                .isEqualTo("0");
    }

    @Test
    void release_withAnotherToken_isLeftAlone() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        assertThat(a.uncontended(a.texts("x"), a.numbers(), a.numbers(token - 1)))
                .isEqualTo("{NULL}");
        assertThat(holder("x")).isEqualTo("a");
    }

    @Test
    void nameThatComesTwice_isServedOnce() throws SQLException {
        Party a = client("a");
        makeFree("x");
        assertThat(answers(a.uncontended("x", "x"))[1]).isEqualTo("NULL");
        long token = a.tryAcquire("x", 101).granted();
        String[] answers = answers(a.uncontended(a.texts("x", "x"), a.numbers(null, 9L), a.numbers(token, null)));
        assertThat(answers).containsExactly(String.valueOf(token), "NULL");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void requestAndTokenForOneName_leaveNoRequestInAFreeRow() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.uncontended(a.texts("x"), a.numbers(2L), a.numbers(token));
        assertThat(admin.ask("SELECT session IS NULL AND request IS NULL FROM latchkey._lock WHERE name = 'x'"))
                .isEqualTo("t");
    }

    @Test
    void sessionThatHasEnded_orMayNotHaveAnythingYet_isGrantedNothing() throws SQLException {
        makeFree("x");
        Party ended = client("ended");
        expire(ended);
        assertThat(ended.uncontended("x")).isEqualTo("{NULL}");
        assertThat(connect().uncontended("x")).isEqualTo("{NULL}");
        Party early = client("early");
        admin.execute("UPDATE latchkey._session SET granting_from = clock_timestamp() + interval '1 minute'");
        assertThat(early.uncontended("x")).isEqualTo("{NULL}");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void sessionThatMayNotHaveAnythingYet_withoutThatLook_isGranted() throws SQLException {
        sabotage("run_uncontended", "AND s.granting_from <= clock_timestamp()", "");
        makeFree("x");
        Party early = client("early");
        admin.execute("UPDATE latchkey._session SET granting_from = clock_timestamp() + interval '1 minute'");
        assertThat(early.uncontended("x")).isNotEqualTo("{NULL}");
    }

    @Test
    void lockUnderAnOpenFence_isLeftAlone_untilTheTransactionEnds() throws SQLException {
        Party b = client("b");
        Party transaction = releasedUnderFence(client("a"));
        assertThat(b.uncontended("x")).isEqualTo("{NULL}");
        assertThat(holder("x")).isEqualTo("none");
        transaction.commit();
        assertThat(b.tryAcquire("x", 2).granted()).isPositive();
    }

    @Test
    void lockUnderAnOpenFence_withoutThatLook_isTaken() throws SQLException {
        sabotage("run_uncontended", "l.xmax = 0", "true");
        releasedUnderFence(client("a"));
        assertThat(client("b").uncontended("x")).isNotEqualTo("{NULL}");
    }

    @Test
    void ownReleaseOfTheSameTransaction_isLookedAtClosely() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        assertThat(a.release("x", token)).isEqualTo("released");
        assertThat(a.uncontended("x")).isEqualTo("{NULL}");
        a.rollback();
    }

    @Test
    void ownReleaseOfTheSameTransaction_withoutThatLook_isTaken() throws SQLException {
        sabotage("run_uncontended", "age(l.xmin) > 0", "true");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        a.begin();
        a.release("x", token);
        assertThat(a.uncontended("x")).isNotEqualTo("{NULL}");
        a.rollback();
    }

    @Test
    void rowsAreLockedInTheOrderOfTheNames_whateverTheirPlaceInTheTable() throws SQLException {
        assertThat(firstRowIsTakenWhileItWaitsForTheSecond()).isTrue();
    }

    @Test
    void rowsAreLockedInTheOrderOfTheTable_withoutTheSettingsOfThePlanner() throws SQLException {
        admin.execute("ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) RESET ALL");
        try {
            assertThat(firstRowIsTakenWhileItWaitsForTheSecond()).isFalse();
        } finally {
            admin.execute("""
                    ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) SET search_path = pg_catalog, latchkey, pg_temp;
                    ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) SET enable_indexscan = on;
                    ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) SET enable_bitmapscan = off;
                    ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) SET enable_seqscan = off;
                    ALTER FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) SET plan_cache_mode = force_generic_plan""");
        }
    }

    /** In the table the second comes before the first, and each plan of PostgreSQL's choice would go by the table. */
    private boolean firstRowIsTakenWhileItWaitsForTheSecond() throws SQLException {
        Party a = client("a");
        Party other = connect();
        long second = a.tryAcquire("second", 1).granted();
        long first = a.tryAcquire("first", 2).granted();
        assertThat(
                        admin.ask(
                                "SELECT string_agg(name, ' ' ORDER BY ctid) FROM latchkey._lock WHERE name IN ('first', 'second')"))
                .isEqualTo("second first");
        other.begin();
        other.ask("SELECT 1 FROM latchkey._lock WHERE name = 'second' FOR NO KEY UPDATE");
        Party.Blocked<String> waiting =
                a.block(admin, p -> p.uncontended(p.texts("second", "first"), p.numbers(), p.numbers(second, first)));
        boolean taken = admin.ask("SELECT name FROM latchkey._lock WHERE name = 'first' FOR NO KEY UPDATE SKIP LOCKED")
                .equals("none");
        other.rollback();
        assertThat(answers(waiting.result())).containsExactly(String.valueOf(second), String.valueOf(first));
        return taken;
    }

    @Test
    void rowThatSomebodyElseIsChanging_isNotWaitedFor() throws SQLException {
        Party a = client("a");
        makeFree("x");
        a.begin();
        a.tryAcquire("x", 1).granted();
        assertThat(client("b").uncontended("x")).isEqualTo("{NULL}");
        a.commit();
    }

    private Party releasedUnderFence(Party a) throws SQLException {
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = connect();
        transaction.begin();
        transaction.fence("x", token);
        assertThat(a.release("x", token)).isEqualTo("released");
        return transaction;
    }

    private void makeFree(String... names) throws SQLException {
        Party maker = client("maker");
        for (String name : names) {
            maker.release(name, maker.tryAcquire(name, 1).granted());
        }
    }

    private static String[] answers(String array) {
        return array.substring(1, array.length() - 1).split(",");
    }
}
