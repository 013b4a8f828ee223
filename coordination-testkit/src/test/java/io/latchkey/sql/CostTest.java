package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What calls write. */
final class CostTest extends SqlTest {
    /** WAL that the call writes, in bytes. The server may write some of its own meanwhile, so: the least of several times. */
    private long walOf(Party party, Party.Call<?> call) throws SQLException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 8 && least > 0; i++) {
            party.begin();
            String before = party.ask("SELECT pg_current_wal_insert_lsn()");
            call.run(party);
            String bytes = party.ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), ?::pg_lsn)", before);
            party.commit();
            least = Math.min(least, Long.parseLong(bytes));
        }
        return least;
    }

    private static String transactionId(Party party, Party.Call<?> call) throws SQLException {
        party.begin();
        call.run(party);
        String id = party.ask("SELECT pg_current_xact_id_if_assigned()");
        party.rollback();
        return id;
    }

    @Test
    void failedTry_writesNothing() throws SQLException {
        Party b = client("b");
        client("a").tryAcquire("x", 1).granted();
        assertThat(transactionId(b, p -> p.tryAcquire("x", 2))).isEqualTo("null");
        assertThat(walOf(b, p -> p.tryAcquire("x", 2))).isZero();
    }

    @Test
    void failedTry_withoutTheLookFirst_usesTransactionId() throws SQLException {
        sabotage("_acquire", "EXIT WHEN v_left > 0 AND", "EXIT WHEN false AND");
        Party b = client("b");
        client("a").tryAcquire("x", 1).granted();
        assertThat(transactionId(b, p -> p.tryAcquire("x", 2))).isNotEqualTo("null");
    }

    @Test
    void failedTry_onTimedLease_orWithoutSession_writesNothing() throws SQLException {
        Party b = client("b");
        b.acquireTimed("x", 1, false, MINUTE, 0).granted();
        Party stranger = connect();
        assertThat(transactionId(b, p -> p.tryAcquire("x", 2))).isEqualTo("null");
        assertThat(transactionId(b, p -> p.acquireTimed("x", 2, false, MINUTE, 0)))
                .isEqualTo("null");
        assertThat(transactionId(stranger, p -> p.tryAcquire("y", 2))).isEqualTo("null");
    }

    /** As when all instances fire a scheduled job: they find a free lock whose grant is on its way to the disk. */
    @Test
    void timedTry_behindUncommittedGrant_waitsForIt_andWritesNothing() throws Exception {
        Party a = grantingUncommitted();
        Party b = connect();
        b.begin();
        int pid = Integer.parseInt(b.ask("SELECT pg_backend_pid()"));
        Future<Reply> reply = b.start(p -> p.acquireTimed("x", 2, false, MINUTE, 0));
        await().pollInterval(Duration.ofMillis(1))
                .until(() ->
                        reply.isDone() || admin.is("wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = ?", pid));
        a.commit();
        assertThat(reply.get().outcome()).isEqualTo("held");
        assertThat(b.ask("SELECT pg_current_xact_id_if_assigned()")).isEqualTo("null");
    }

    @Test
    void timedTry_thatWaitsForTheRow_usesTransactionId() throws SQLException {
        sabotage("_acquire", "v_looks = 500", "v_looks >= 0");
        Party a = grantingUncommitted();
        Party b = connect();
        b.begin();
        Party.Blocked<Reply> reply = b.block(admin, p -> p.acquireTimed("x", 2, false, MINUTE, 0));
        a.commit();
        assertThat(reply.result().outcome()).isEqualTo("held");
        assertThat(b.ask("SELECT pg_current_xact_id_if_assigned()")).isNotEqualTo("null");
    }

    /** Somebody else may have the row for long, and not to grant it: then a free lock is waited for, and not refused. */
    @Test
    void timedTry_ofFreeLock_whoseRowIsBusy_isGranted() throws SQLException {
        grantingUncommitted().rollback();
        Party busy = connect();
        busy.begin();
        busy.ask("SELECT 1 FROM latchkey._lock FOR NO KEY UPDATE");
        Party.Blocked<Reply> reply = connect().block(admin, p -> p.acquireTimed("x", 2, false, MINUTE, 0));
        busy.commit();
        reply.result().granted();
    }

    private Party grantingUncommitted() throws SQLException {
        Party a = connect();
        long token = a.acquireTimed("x", 1, false, MINUTE, 0).granted();
        a.releaseTimed("x", token, 1);
        a.begin();
        a.acquireTimed("x", 3, false, MINUTE, 0).granted();
        return a;
    }

    @Test
    void tryOfUnknownLock_duringGracePeriod_writesNothing() throws SQLException {
        loseUnloggedData();
        Party a = client("a");
        assertThat(transactionId(a, p -> p.tryAcquire("x", 1))).isEqualTo("null");
        assertThat(count("latchkey._lock")).isZero();
    }

    @Test
    void failedRelease_writesNothing() throws SQLException {
        Party a = client("a");
        a.release("x", a.tryAcquire("x", 1).granted());
        assertThat(transactionId(a, p -> p.release("x", 1))).isEqualTo("null");
    }

    @Test
    void renewal_writesNoWal() throws SQLException {
        Party a = client("a");
        a.tryAcquire("x", 1).granted();
        assertThat(walOf(a, Party::renew)).isZero();
    }

    @Test
    void waiting_writesWalOnlyOnce() throws SQLException {
        Party b = client("b");
        client("a").tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        long[] request = {2};
        assertThat(walOf(b, p -> p.acquire("x", ++request[0])))
                .as("the row is marked, the queue is unlogged")
                .isLessThan(200);
    }

    @Test
    void renewals_areHot() throws SQLException {
        Party a = client("a");
        long before = updates("n_tup_upd");
        long hotBefore = updates("n_tup_hot_upd");
        for (int i = 0; i < 200; i++) {
            a.renew();
        }
        a.execute("SELECT pg_stat_force_next_flush()");
        a.ask("SELECT 1");
        long all = updates("n_tup_upd") - before;
        assertThat(all).isGreaterThanOrEqualTo(200);
        assertThat(updates("n_tup_hot_upd") - hotBefore).isGreaterThanOrEqualTo(all * 95 / 100);
    }

    private long updates(String column) throws SQLException {
        return Long.parseLong(admin.ask(
                "SELECT " + column + " FROM pg_stat_user_tables WHERE relid = 'latchkey._session'::regclass"));
    }
}
