package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/**
 * The share that has its place in the row of the lock. As long as somebody has that place all fences on the row are its own: they
 * keep nobody out who may share the lock with it.
 */
final class FirstShareTest extends SharedFenceContract {
    @Override
    long read(Party reader) throws SQLException {
        admin.execute(
                "INSERT INTO latchkey._lock (name, token, granted_at) VALUES ('x', 0, now()) ON CONFLICT DO NOTHING");
        long token = reader.tryRead("x", 1).granted();
        assertThat(count("latchkey._lock WHERE first_session IS NOT NULL")).isEqualTo(1);
        return token;
    }

    /** The place is taken by 2 permits of 4, and a transaction under their fence is open. */
    private Party fencedPermits(Party holder) throws SQLException {
        return fencing("s", holder.tryPermits("s", 1, 2, 4).granted());
    }

    @Test
    void first_hasItsPlaceInTheRow_andTheNextOneHasARow() throws SQLException {
        Party a = client("a");
        long first = read(a);
        assertThat(count("latchkey._share")).isZero();
        long second = client("b").tryRead("x", 2).granted();
        assertThat(count("latchkey._share")).isEqualTo(1);
        assertThat(second).isGreaterThan(first);
        assertThat(admin.ask("SELECT string_agg(fencing_token::text, ' ' ORDER BY holder) FROM latchkey.locks"))
                .isEqualTo(first + " " + second);
        assertThat(
                        admin.is(
                                "abs(extract(epoch FROM clock_timestamp() - held_since)) < 5 FROM latchkey.locks WHERE holder = 'a'"))
                .isTrue();
        assertThat(a.giveBack("x", first)).isEqualTo("released");
        assertThat(a.giveBack("x", first)).isEqualTo("not_held");
        assertThat(holders("x")).isEqualTo("b");
        assertThat(admin.ask("SELECT taken FROM latchkey._lock")).isEqualTo("1");
    }

    @Test
    void readers_withoutTheShortCutsCheckOfFences_comeInUnderTheWritersTransaction() throws SQLException {
        sabotage("acquire_shared", "CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 AND", "CASE WHEN");
        writersFenceAfterRelease();
        client("b").tryRead("x", 2).granted();
    }

    @Test
    void fence_whenTheShortCutOfReadersGrantsWhatItsOwnTransactionReleased_passesWithTheOldToken() throws SQLException {
        sabotage("acquire_shared", "AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0", "");
        assertThatThrownBy(this::fenceBehindReleaseAndRead).hasStackTraceContaining("It did not wait");
    }

    @Test
    void fence_withoutTheRowLock_passesBesideTheWriter() throws SQLException {
        sabotage("_fence_share", "l.first_session IS NOT NULL FOR KEY SHARE", "l.first_session IS NOT NULL");
        sabotage("_fence_share", "AND s.expires_at > clock_timestamp()", "");
        Party b = client("b");
        fencing(grantToWriterUncommitted(b));
        b.commit();
        assertThat(holders("x")).isEqualTo("b");
    }

    @Test
    void fence_inRepeatableRead_ofShareGivenBackSince_withoutItsSecondLook_passes() throws SQLException {
        sabotage(
                "_fence_share",
                "PERFORM FROM latchkey._lock l WHERE v_first AND l.name = p_name FOR NO KEY UPDATE;",
                "");
        fenceWithOldSnapshot();
    }

    @Test
    void downgrade_underTheWritersFence_keepsReadersOut() throws SQLException {
        assertThat(readUnderFenceOfDowngraded().outcome()).isEqualTo("held");
    }

    @Test
    void downgrade_underTheWritersFence_whenWhoJoinsDoesNotLookForFences_letsReadersIn() throws SQLException {
        sabotage("_join_shares", "l.first_session IS NOT NULL OR l.xmax OPERATOR(pg_catalog.=) 0", "true");
        assertThat(readUnderFenceOfDowngraded().outcome()).isEqualTo("granted");
    }

    private Reply readUnderFenceOfDowngraded() throws SQLException {
        Party a = client("a");
        long write = a.tryAcquire("x", 1).granted();
        fencing(write);
        a.downgrade("x", write, 2).granted();
        return client("b").tryRead("x", 3);
    }

    @Test
    void fence_open_keepsNobodyOutWhoFits() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party transaction = fencedPermits(a);
        b.execute("SET statement_timeout = '2s'");
        long one = b.tryPermits("s", 2, 1, 4).granted();
        b.giveBack("s", one);
        long other = b.permits("s", 3, 2, 4).granted();
        assertThat(b.permits("s", 4, 1, 4).outcome()).isEqualTo("queued");
        assertThat(b.giveBack("s", other)).as("the queue goes on, too").isEqualTo("handed_over");
        assertThat(holders("s")).isEqualTo("a b");
        transaction.commit();
    }

    @Test
    void fence_open_whenTheHandOverTakesItForAnothers_keepsTheQueueWaiting() throws SQLException {
        sabotage("_hand_over", "IF NOT p_unfenced AND p_lock.first_session IS NULL THEN", "IF NOT p_unfenced THEN");
        Party a = client("a");
        Party b = client("b");
        fencedPermits(a);
        long other = b.tryPermits("s", 2, 2, 4).granted();
        b.permits("s", 3, 1, 4);
        assertThat(b.giveBack("s", other)).isEqualTo("fenced");
    }

    @Test
    void permits_givenBackUnderFence_countUntilTheTransactionEnds() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        Party transaction = givenBackUnderFence(a);
        long two = b.tryPermits("s", 2, 2, 4).granted();
        assertThat(b.tryPermits("s", 3, 1, 4).outcome()).isEqualTo("held");
        assertThat(admin.ask("SELECT in_use FROM latchkey.semaphores")).isEqualTo("2");
        transaction.commit();
        b.tryPermits("s", 4, 2, 4).granted();
        assertThat(b.giveBack("s", two)).isEqualTo("released");
        assertThat(holders("s")).isEqualTo("b");
    }

    @Test
    void permits_givenBackUnderFence_whenTheCountDoesNotLookForIt_areGrantedUnderTheTransaction() throws SQLException {
        sabotage("_count_shares", "           FOR UPDATE OF f SKIP LOCKED);", ");");
        givenBackUnderFence(client("a"));
        client("b").tryPermits("s", 2, 4, 4).granted();
    }

    private Party givenBackUnderFence(Party holder) throws SQLException {
        Party transaction = fencedPermits(holder);
        long token = Long.parseLong(admin.ask("SELECT first_token FROM latchkey._lock WHERE name = 's'"));
        assertThat(holder.giveBack("s", token)).isEqualTo("fenced");
        assertThat(holder.giveBack("s", token)).isEqualTo("not_held");
        return transaction;
    }

    @Test
    void fence_betweenReleaseAndGrantOfOneTransaction_isRefused() throws SQLException {
        Party.Blocked<Boolean> fence = fenceBehindReleaseAndPermits();
        assertRefused(fence::result);
    }

    @Test
    void fence_whenPermitsThatItsOwnTransactionReleasedAreGranted_passesWithTheOldToken() throws SQLException {
        sabotage("acquire_shared", "AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0", "");
        assertThatThrownBy(this::fenceBehindReleaseAndPermits).hasStackTraceContaining("It did not wait");
    }

    private Party.Blocked<Boolean> fenceBehindReleaseAndPermits() throws SQLException {
        Party a = client("a");
        return fenceBehindGrantIn(a, a.tryPermits("s", 1, 2, 2).granted());
    }

    @Test
    void fence_betweenReleaseAndGrantOfOneTransaction_besideOthers_isRefused() throws SQLException {
        Party.Blocked<Boolean> fence = fenceBehindReleaseAndJoin();
        assertRefused(fence::result);
    }

    @Test
    void fence_whenWhoJoinsIsGrantedWhatItsOwnTransactionReleased_passesWithTheOldToken() throws SQLException {
        sabotage("_join_shares", "pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0", "true");
        assertThatThrownBy(this::fenceBehindReleaseAndJoin).hasStackTraceContaining("It did not wait");
    }

    private Party.Blocked<Boolean> fenceBehindReleaseAndJoin() throws SQLException {
        Party a = client("a");
        long token = a.tryPermits("s", 1, 1, 2).granted();
        client("b").tryPermits("s", 2, 1, 2).granted();
        return fenceBehindGrantIn(a, token);
    }

    /** Gives permits back and takes them again in one transaction; a fence with the old token begins before it ends. */
    private Party.Blocked<Boolean> fenceBehindGrantIn(Party holder, long token) throws SQLException {
        holder.begin();
        assertThat(holder.batch(
                        holder.texts("give_back", "try_permits 1/2"),
                        holder.texts("s", "s"),
                        holder.numbers(token, 3L)))
                .isEqualTo("released granted");
        Party transaction = connect();
        transaction.begin();
        Party.Blocked<Boolean> fence = transaction.block(admin, p -> {
            p.fence("s", token);
            return true;
        });
        holder.commit();
        return fence;
    }

    @Test
    void callRepeated_isTheSameGrant_alsoBesideOthers() throws SQLException {
        Party a = client("a");
        long token = read(a);
        client("b").tryRead("x", 2).granted();
        assertThat(a.tryRead("x", 1).granted()).isEqualTo(token);
        assertThat(admin.ask("SELECT taken FROM latchkey._lock")).isEqualTo("2");
    }

    @Test
    void callRepeated_whenWhoJoinsDoesNotLookForIt_isGrantedTwice() throws SQLException {
        sabotage("_join_shares", "l.first_request OPERATOR(pg_catalog.<>) p_request", "true");
        Party a = client("a");
        long token = read(a);
        assertThat(a.tryRead("x", 1).granted()).isGreaterThan(token);
    }

    @Test
    void release_handsOver() throws SQLException {
        Party a = client("a");
        long token = read(a);
        client("b").acquire("x", 2);
        assertThat(a.giveBack("x", token)).isEqualTo("handed_over");
        assertThat(holder("x")).isEqualTo("b");
    }

    @Test
    void release_whenItsShortCutIgnoresTheQueue_leavesTheWaiterBehind() throws SQLException {
        sabotage("release_shared", "AND NOT l.first_given_back AND NOT l.queued", "AND NOT l.first_given_back");
        Party a = client("a");
        long token = read(a);
        client("b").acquire("x", 2);
        assertThat(a.giveBack("x", token)).isEqualTo("released");
        assertThat(holder("x")).isEqualTo("none");
    }

    @Test
    void close_andWithdraw_giveItBack() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        read(a);
        b.acquire("x", 2);
        assertThat(a.withdraw("x", 1)).isEqualTo("handed_over");
        assertThat(holders("x")).isEqualTo("b");
        a.tryPermits("s", 3, 2, 2).granted();
        b.permits("s", 4, 1, 2);
        assertThat(a.close(null)).isTrue();
        assertThat(holders("s")).isEqualTo("b");
    }

    @Test
    void upgrade_ofTheFirst_andOfAnother() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long first = read(a);
        long second = b.tryRead("x", 2).granted();
        assertThat(a.upgrade("x", first, 3).outcome()).isEqualTo("held");
        a.giveBack("x", first);
        long write = b.upgrade("x", second, 4).granted();
        assertThat(count("latchkey._share")).isZero();
        b.release("x", write);
        long again = a.tryRead("x", 5).granted();
        a.release("x", a.upgrade("x", again, 6).granted());
        assertThat(admin.ask("SELECT taken || ' ' || (first_session IS NULL) FROM latchkey._lock"))
                .isEqualTo("0 true");
    }

    @Test
    void upgrade_whenTheGrantLeavesThePlaceTaken_leavesAReaderBesideTheWriter() throws SQLException {
        sabotage("_grant", ", first_session = NULL, first_given_back = false", "");
        Party a = client("a");
        a.upgrade("x", read(a), 2).granted();
        assertThat(holders("x")).isEqualTo("a a");
    }

    @Test
    void reaper_withoutTheLookForThePlace_deletesTheRowOfTheLiving() throws SQLException {
        sabotage(
                "_reap_idle_locks",
                "AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = l.first_session)",
                "");
        read(client("alive"));
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days'");
        admin.ask("SELECT latchkey.reap()");
        assertThat(holders("x")).isEqualTo("null");
    }

    @Test
    void reaper_forgetsTheDead_andLeavesTheLivingAlone() throws SQLException {
        Party dead = client("dead");
        Party alive = client("alive");
        read(alive);
        dead.tryPermits("s", 1, 2, 2).granted();
        expire(dead);
        admin.execute("UPDATE latchkey._lock SET granted_at = now() - interval '8 days'");
        admin.ask("SELECT latchkey.reap()");
        assertThat(admin.ask("SELECT string_agg(name, ' ') FROM latchkey._lock"))
                .isEqualTo("x");
        assertThat(holders("x")).isEqualTo("alive");
    }
}
