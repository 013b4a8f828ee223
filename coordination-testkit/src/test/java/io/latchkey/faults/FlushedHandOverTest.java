package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.DistributedReadWriteLock;
import io.latchkey.Durability;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A transaction that is flushed notifies nobody. So whoever's call may have handed a lock over wakes its new holder in a transaction
 * of its own: not only a release. The waiters' renewals would be a third of a minute late.
 */
@Timeout(60)
final class FlushedHandOverTest {
    private static final int TIMEOUT_MS = 60_000;
    private static final int SOON_MS = TIMEOUT_MS / 6;

    private static Latchkey client(TestDatabase database, String name) {
        return Scene.client(database.url(), name, TIMEOUT_MS)
                .durability(Durability.FLUSHED)
                .connect();
    }

    @Test
    void release_wakesTheNext() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database, "holder");
                Latchkey next = client(database, "next")) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = next.lock("job").acquireAsync();
            awaitQueued(database, 1);
            lease.release();
            assertThatItIsGrantedSoon(waiter);
        }
    }

    @Test
    void callThatFindsTheHolderGone_andAQueue_wakesTheFirstInIt() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database, "holder");
                Latchkey first = client(database, "first");
                Latchkey second = client(database, "second")) {
            holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = first.lock("job").acquireAsync();
            awaitQueued(database, 1);
            database.execute("DELETE FROM latchkey._session WHERE holder = 'holder'");
            CompletableFuture<Lease> last = second.lock("job").acquireAsync();
            assertThatItIsGrantedSoon(waiter);
            assertThatItIsGrantedSoon(last);
        }
    }

    @Test
    void tryThatFindsTheHolderGone_andAQueue_wakesTheFirstInIt() throws Exception {
        assertThatItWakesTheFirst(
                first -> first.lock("job").acquireAsync(),
                second -> assertThat(second.lock("job").tryAcquire()).isEmpty());
    }

    @Test
    void timedTryThatFindsTheHolderGone_andAQueue_wakesTheFirstInIt() throws Exception {
        LeaseTime minute = LeaseTime.atMost(Duration.ofSeconds(60));
        assertThatItWakesTheFirst(
                first -> first.lock("job").acquireAsync(),
                second -> assertThat(second.lock("job").tryAcquireTimed(minute)).isEmpty());
    }

    @Test
    void tryOfAReaderThatIsGrantedAfterOthers_wakesThem() throws Exception {
        assertThatItWakesTheFirst(
                first -> first.readWriteLock("job").readLock().acquireAsync(),
                second -> assertThat(second.readWriteLock("job").readLock().tryAcquire())
                        .isPresent());
    }

    /** The holder is gone while the first waits; then the second one tries. */
    private static void assertThatItWakesTheFirst(
            Function<Latchkey, CompletableFuture<Lease>> waiting, Consumer<Latchkey> attempt) throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database, "holder");
                Latchkey first = client(database, "first");
                Latchkey second = client(database, "second")) {
            holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = waiting.apply(first);
            awaitQueued(database, 1);
            database.execute("DELETE FROM latchkey._session WHERE holder = 'holder'");
            attempt.accept(second);
            assertThatItIsGrantedSoon(waiter);
        }
    }

    @Test
    void writerThatStopsWaiting_wakesTheReaderBehindIt() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey one = client(database, "one");
                Latchkey two = client(database, "two");
                Latchkey three = client(database, "three")) {
            one.readWriteLock("job").readLock().acquire();
            CompletableFuture<Lease> writer =
                    two.readWriteLock("job").writeLock().acquireAsync();
            awaitQueued(database, 1);
            DistributedReadWriteLock shared = three.readWriteLock("job");
            CompletableFuture<Lease> reader = shared.readLock().acquireAsync();
            awaitQueued(database, 2);
            writer.cancel(true);
            assertThatItIsGrantedSoon(reader);
        }
    }

    /** And each of them has had the look that follows when its client has begun to listen; the next comes with its renewal. */
    private static void awaitQueued(TestDatabase database, int waiters) {
        awaitWaiting(database.address(), "job", waiters);
        await().atMost(Scene.PATIENCE)
                .until(() -> Scene.text(
                                database.address(),
                                "SELECT count(*) FROM latchkey._waiter w JOIN latchkey._session s ON s.id = w.session"
                                        + " WHERE s.renewed_at > w.queued_at")
                        .equals(String.valueOf(waiters)));
    }

    private static void assertThatItIsGrantedSoon(CompletableFuture<Lease> waiter) throws Exception {
        long from = System.nanoTime();
        granted(waiter).close();
        assertThat(millisSince(from)).isLessThan(SOON_MS);
    }
}
