package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.SmallDisk;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The server's disk is full, and then it is not any more. */
@Timeout(120)
final class FullDiskTest {
    private static final int TIMEOUT_MS = 3_000;

    /** PostgreSQL stops itself (PANIC), and cannot start before there is space: an outage like any other, with a crash at its end. */
    @Test
    void logDiskThatIsFull_stopsTheServer_holdersLoseTheirLeasesInTime_andAllGoesOnWhenThereIsSpace() throws Exception {
        try (SmallDisk disk = SmallDisk.ofMegabytes(64);
                CrashableServer server =
                        PostgresServer.start(ServerOptions.defaults().logOn(disk));
                TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease lease = client.lock("job").acquire();
            CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);

            disk.fill();
            useUpTheLog(database);
            eventually(() -> !server.isRunning());
            assertThat(server.log()).contains("PANIC", "No space left on device");
            eventually(() -> !lease.isValid());
            assertThat(waiter).isNotDone();

            disk.empty();
            server.startAgain();
            try (Lease next = granted(waiter)) {
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            }
            assertThat(client.lock("job").tryAcquire(Scene.PATIENCE)).isPresent();
        }
    }

    /** Commits still reach the log, but no table can grow: calls that need a new page fail, renewals and held leases do not. */
    @Test
    void dataDiskThatIsFull_costsNoLease_callsFailOrSucceed_andNothingIsStuckWhenThereIsSpace() throws Exception {
        try (SmallDisk data = SmallDisk.ofMegabytes(160);
                SmallDisk log = SmallDisk.ofMegabytes(128);
                CrashableServer server = PostgresServer.start(
                        ServerOptions.defaults().dataOn(data).logOn(log));
                TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease lease = client.lock("job").acquire();
            data.fill();

            String name = "x".repeat(500); // a few rows fill a page
            int failed = 0;
            for (int i = 0; i < 2_000 && failed < 3; i++) {
                try {
                    assertThat(client.lock(name + i).tryAcquire()).isPresent();
                } catch (CoordinationException e) {
                    assertThat(e).isNotInstanceOf(DatabaseUnavailableException.class);
                    assertThat(e.sqlState()).isEqualTo("53100");
                    assertThat(e).hasMessageContaining("No space left on device");
                    failed++;
                }
            }
            assertThat(failed).isEqualTo(3);
            long start = System.nanoTime();
            eventually(() -> Scene.millisSince(start) > TIMEOUT_MS);
            assertThat(server.isRunning()).isTrue();
            assertThat(lease.isValid()).isTrue();
            assertThat(other.lock("job").tryAcquire()).isEmpty();

            data.empty();
            assertThat(client.lock(name + "last").tryAcquire()).isPresent();
            assertThat(lease.release()).isTrue();
            assertThat(other.lock("job").tryAcquire(Duration.ofSeconds(10))).isPresent();
        }
    }

    private static void useUpTheLog(TestDatabase database) {
        try {
            database.execute("CREATE TABLE filler AS SELECT repeat('x', 2000) AS x FROM generate_series(1, 30000)");
        } catch (IllegalStateException e) {
            // The server has gone.
        }
    }
}
