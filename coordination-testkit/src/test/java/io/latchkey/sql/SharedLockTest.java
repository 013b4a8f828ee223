package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Readers and writers of one lock, in the order of arrival. */
final class SharedLockTest extends SqlTest {
    /** What the row says is taken. */
    private String taken() throws SQLException {
        return admin.ask(
                "SELECT taken || CASE WHEN waiting THEN ' no short cut' ELSE '' END FROM latchkey._lock WHERE name = 'x'");
    }

    @Test
    void readers_shareTheLock_withTokensOfTheirOwn_andGiveTheShortCutBack() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.release("x", a.tryAcquire("x", 1).granted());
        long one = a.tryRead("x", 2).granted();
        long two = b.tryRead("x", 3).granted();
        assertThat(two).isGreaterThan(one);
        assertThat(holders("x")).isEqualTo("a b");
        assertThat(taken()).isEqualTo("2 no short cut");
        assertThat(a.giveBack("x", one)).isEqualTo("released");
        assertThat(a.giveBack("x", one)).isEqualTo("not_held");
        assertThat(a.giveBack("x", two)).as("another's").isEqualTo("not_held");
        assertThat(b.giveBack("x", two)).isEqualTo("released");
        assertThat(taken()).isEqualTo("0");
        assertThat(a.tryAcquire("x", 4).granted()).isGreaterThan(two);
        assertThat(a.tryRead("x", 5).outcome()).isEqualTo("held");
    }

    @Test
    void writer_doesNotPassReaders() throws SQLException {
        client("a").tryRead("x", 1).granted();
        Party b = client("b");
        Reply held = b.tryAcquire("x", 2);
        assertThat(held.outcome()).isEqualTo("held");
        assertThat(held.retryMs()).isBetween(10_000L, 15_000L);
        assertThat(b.acquireTimed("x", 3, false, MINUTE, 0).outcome()).isEqualTo("held");
        assertThat(b.acquire("x", 4).outcome()).isEqualTo("queued");
    }

    @Test
    void writer_whenReadersLeaveItsShortCut_passesThem() throws SQLException {
        sabotage("acquire_shared", "waiting = true, ", "");
        Party a = client("a");
        a.release("x", a.tryAcquire("x", 1).granted());
        a.tryRead("x", 2).granted();
        client("b").tryAcquire("x", 3).granted();
        assertThat(holders("x")).isEqualTo("a b");
    }

    @Test
    void writer_whenTheLongWayDoesNotCount_passesReaders() throws SQLException {
        sabotage("_fits", "WHEN p_weight IS NULL THEN p_taken = 0", "WHEN p_weight IS NULL THEN true");
        client("a").tryRead("x", 1).granted();
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void reader_doesNotPassWaitingWriter() throws SQLException {
        assertThat(readerBehindWaitingWriter().outcome()).isEqualTo("held");
    }

    @Test
    void reader_whenItsShortCutIgnoresTheQueue_passesWaitingWriter() throws SQLException {
        sabotage("_join_shares", "AND NOT l.queued", "");
        assertThat(readerBehindWaitingWriter().outcome()).isEqualTo("granted");
    }

    private Reply readerBehindWaitingWriter() throws SQLException {
        Party a = client("a");
        a.tryRead("x", 1).granted();
        assertThat(client("b").acquire("x", 2).outcome()).isEqualTo("queued");
        return a.tryRead("x", 3);
    }

    @Test
    void lastReader_handsOverToTheWriter_andTheWriterToAllReadersThatAreNext() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party c = client("c");
        long one = a.tryRead("x", 1).granted();
        long two = b.tryRead("x", 2).granted();
        c.acquire("x", 3);
        a.read("x", 4);
        b.read("x", 5);
        c.acquire("x", 6);
        b.read("x", 7);
        assertThat(a.giveBack("x", one)).isEqualTo("released");
        assertThat(holders("x")).isEqualTo("b");
        assertThat(b.giveBack("x", two)).isEqualTo("handed_over");
        assertThat(holders("x")).isEqualTo("c");
        long write = Long.parseLong(admin.ask("SELECT token FROM latchkey._lock"));
        assertThat(c.release("x", write)).isEqualTo("handed_over");
        assertThat(holders("x")).as("and not the one behind the second writer").isEqualTo("a b");
        assertThat(admin.ask("SELECT string_agg(waiter || ' ' || mode, ', ' ORDER BY place) FROM latchkey.waiters"))
                .isEqualTo("c exclusive, b shared");
    }

    @Test
    void release_behindUncommittedEnqueue_handsOver() throws SQLException {
        assertThat(releaseBehindUncommittedEnqueue()).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void release_whenItsShortCutIgnoresTheQueue_leavesTheWaiterBehind() throws SQLException {
        sabotage("release_shared", "AND NOT l.queued", "");
        assertThat(releaseBehindUncommittedEnqueue()).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
    }

    private String releaseBehindUncommittedEnqueue() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party first = client("first");
        long token = first.tryRead("x", 0).granted();
        long second = a.tryRead("x", 1).granted();
        first.giveBack("x", token);
        b.begin();
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        Party.Blocked<String> release = a.block(admin, p -> p.giveBack("x", second));
        b.commit();
        return release.result();
    }

    @Test
    void acquire_behindUncommittedRead_isQueued() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.release("x", a.tryAcquire("x", 1).granted());
        a.begin();
        a.tryRead("x", 2).granted();
        Party.Blocked<Reply> writer = b.block(admin, p -> p.acquire("x", 3));
        a.commit();
        assertThat(writer.result().outcome()).isEqualTo("queued");
    }

    @Test
    void read_repeatedWithItsRequest_isTheSameGrant() throws SQLException {
        Party a = client("a");
        long token = a.read("x", 1).granted();
        assertThat(a.read("x", 1).granted()).isEqualTo(token);
        assertThat(a.tryRead("x", 1).granted()).isEqualTo(token);
        assertThat(taken()).isEqualTo("1 no short cut");
        Party b = client("b");
        b.acquire("x", 2);
        a.read("x", 3);
        a.read("x", 3);
        assertThat(count("latchkey._waiter")).isEqualTo(2);
    }

    @Test
    void twoReleases_ofOneShare_countOnce() throws SQLException {
        Party a = client("a");
        Party again = connect();
        again.session = a.session;
        long token = a.tryRead("x", 1).granted();
        client("b").tryRead("x", 2).granted();
        a.begin();
        assertThat(a.giveBack("x", token)).isEqualTo("released");
        Party.Blocked<String> second = again.block(admin, p -> p.giveBack("x", token));
        a.commit();
        assertThat(second.result()).isEqualTo("not_held");
        assertThat(taken()).isEqualTo("1 no short cut");
    }

    @Test
    void withdrawal_ofTheWriterThatIsNext_letsTheReadersBehindItIn() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryRead("x", 1).granted();
        b.acquire("x", 2);
        client("c").read("x", 3);
        assertThat(b.withdraw("x", 2)).isEqualTo("withdrawn");
        assertThat(holders("x")).isEqualTo("a c");
        assertThat(a.withdraw("x", 1)).as("of what was granted").isEqualTo("released");
        assertThat(holders("x")).isEqualTo("c");
    }

    @Test
    void deathOfTheWriterThatIsNext_letsTheReadersBehindItIn_withTheirRenewal() throws SQLException {
        Party b = client("b");
        Party c = client("c");
        client("a").tryRead("x", 1).granted();
        b.acquire("x", 2);
        c.read("x", 3);
        assertThat(c.renew()).isEqualTo("alive");
        assertThat(holders("x")).isEqualTo("a");
        expire(b);
        assertThat(c.renew()).isEqualTo("alive");
        assertThat(holders("x")).isEqualTo("a c");
    }

    @Test
    void deadReader_isForgotten_byTry_byRenewalOfWaiter_andByTheReaper() throws SQLException {
        Party b = client("b");
        Party dead = client("dead");
        dead.tryRead("x", 1).granted();
        expire(dead);
        b.release("x", b.tryAcquire("x", 2).granted());
        Party second = client("second");
        second.tryRead("x", 3).granted();
        b.acquire("x", 4);
        expire(second);
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(holder("x")).isEqualTo("b");
        Party third = client("third");
        third.tryRead("y", 5).granted();
        b.acquire("y", 6);
        expire(third);
        admin.ask("SELECT latchkey.reap()");
        assertThat(holder("y")).isEqualTo("b");
        assertThat(count("latchkey._share")).isZero();
    }

    @Test
    void reaper_forgetsDeadReaders_whereNobodyWaits() throws SQLException {
        Party dead = client("dead");
        dead.tryRead("x", 1).granted();
        expire(dead);
        admin.ask("SELECT latchkey.reap()");
        assertThat(count("latchkey._share")).isZero();
        assertThat(taken()).isEqualTo("0");
    }

    @Test
    void try_whileReadersRenewalIsUncommitted_isHeld() throws SQLException {
        assertThat(tryDuringRenewal().outcome()).isEqualTo("held");
        assertThat(holders("x")).isEqualTo("a");
    }

    @Test
    void try_whenExpiryIsJudgedWithoutTheSessionsRow_takesTheReadersLock() throws SQLException {
        sabotage("_end_if_expired", "    DELETE FROM latchkey._session s", """
                    IF EXISTS (SELECT FROM latchkey._session e WHERE e.id = p_session AND e.expires_at <= clock_timestamp()) THEN
                        RETURN 0;
                    END IF;
                    DELETE FROM latchkey._session s\
                """);
        assertThat(tryDuringRenewal().outcome()).isEqualTo("granted");
        assertThat(holders("x")).as("while a's session lives").isEqualTo("b");
    }

    /** The renewal was in time, and commits after the end that others see. */
    private Reply tryDuringRenewal() throws SQLException {
        Party a = client("a");
        a.tryRead("x", 1).granted();
        expire(a);
        a.begin();
        a.ask(
                "WITH u AS (UPDATE latchkey._session SET expires_at = clock_timestamp() + interval '15 s' WHERE id = ? RETURNING 1)"
                        + " SELECT count(*) FROM u",
                a.session);
        Reply reply = client("b").tryAcquire("x", 2);
        a.commit();
        return reply;
    }

    @Test
    void failedTries_writeNothing() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.tryRead("x", 1).granted();
        a.tryAcquire("y", 2).granted();
        assertWritesNothing(b, p -> p.tryAcquire("x", 3));
        assertWritesNothing(b, p -> p.tryRead("y", 4));
        client("c").acquire("x", 5);
        assertWritesNothing(b, p -> p.tryRead("x", 6));
    }

    private static void assertWritesNothing(Party party, Party.Call<Reply> call) throws SQLException {
        party.begin();
        assertThat(call.run(party).outcome()).isEqualTo("held");
        assertThat(party.ask("SELECT pg_current_xact_id_if_assigned()")).isEqualTo("null");
        party.rollback();
    }

    @Test
    void closeAndAudit_knowShares() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryRead("x", 1).granted();
        a.tryRead("y", 2).granted();
        b.acquire("x", 3);
        assertThat(a.ask(
                        "SELECT string_agg(name || request, ' ' ORDER BY name) FROM latchkey.audit_session(?)",
                        a.session))
                .isEqualTo("x1 y2");
        assertThat(admin.ask("SELECT locks_held FROM latchkey.sessions WHERE holder = 'a'"))
                .isEqualTo("2");
        assertThat(a.close(null)).isTrue();
        assertThat(holder("x")).isEqualTo("b");
        assertThat(count("latchkey._share")).isZero();
        assertThat(a.giveBack("x", token)).isEqualTo("not_held");
    }

    @Test
    void batch_ofManyReads_andAnExclusiveOne() throws SQLException {
        Party a = client("a");
        assertThat(a.batch(
                        a.texts("read", "try_read", "read", "try", "read"),
                        a.texts("x", "x", "x", "x", "y"),
                        a.numbers(1L, 2L, 3L, 4L, 5L)))
                .isEqualTo("granted granted granted held granted");
        assertThat(taken()).isEqualTo("3 no short cut");
    }

    @Test
    void downgrade_letsReadersIn_andKeepsWritersOut() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long write = a.tryAcquire("x", 1).granted();
        b.read("x", 2);
        client("c").acquire("x", 3);
        Reply read = a.downgrade("x", write, 4);
        assertThat(read.granted()).isGreaterThan(write);
        assertThat(a.downgrade("x", write, 4).granted())
                .as("the answer was lost")
                .isEqualTo(read.granted());
        assertThat(holders("x")).isEqualTo("a b");
        assertThat(a.release("x", write)).isEqualTo("not_held");
        assertThat(a.downgrade("x", write, 5).outcome()).isEqualTo("not_held");
        assertThat(b.downgrade("x", write, 6).outcome()).isEqualTo("not_held");
        assertThat(a.giveBack("x", read.granted())).isEqualTo("released");
    }

    @Test
    void upgrade_isForTheOnlyReader_andPassesWaitingWriter() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long one = a.tryRead("x", 1).granted();
        long two = b.tryRead("x", 2).granted();
        assertThat(a.upgrade("x", one, 3).outcome()).isEqualTo("held");
        assertThat(b.upgrade("x", two, 4).outcome()).isEqualTo("held");
        b.giveBack("x", two);
        assertThat(b.upgrade("x", one, 5).outcome()).isEqualTo("not_held");
        client("c").acquire("x", 6);
        long write = a.upgrade("x", one, 7).granted();
        assertThat(a.upgrade("x", one, 7).granted()).isEqualTo(write);
        assertThat(holders("x")).isEqualTo("a");
        assertThat(b.tryRead("x", 8).outcome()).isEqualTo("held");
        assertThat(a.release("x", write)).isEqualTo("handed_over");
        assertThat(holders("x")).isEqualTo("c");
    }

    @Test
    void upgrade_whenItDoesNotCount_makesWriterBesideReader() throws SQLException {
        sabotage("_upgrade", "IF v_lock.taken > 1 THEN", "IF false THEN");
        Party a = client("a");
        long token = a.tryRead("x", 1).granted();
        client("b").tryRead("x", 2).granted();
        a.upgrade("x", token, 3).granted();
        assertThat(holders("x")).isEqualTo("a b");
    }
}
