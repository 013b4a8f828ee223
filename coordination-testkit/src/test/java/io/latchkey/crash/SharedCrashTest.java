package io.latchkey.crash;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Shares are in no log at all; after a crash their holders bring them back. */
@Timeout(90)
final class SharedCrashTest {
    @Test
    void crash_readersAndPermitsResume_andKeepOthersOutUntilReleased() throws Exception {
        try (CrashableServer server = PostgresServer.start(ServerOptions.defaults());
                TestDatabase database = Scene.installed(server, CrashStory.TIMEOUT_MS);
                Latchkey holder =
                        client(database.url(), "holder", CrashStory.TIMEOUT_MS).connect();
                Latchkey other =
                        client(database.url(), "other", CrashStory.TIMEOUT_MS).connect()) {
            Lease read = holder.readWriteLock("document").readLock().acquire();
            Lease alsoRead = other.readWriteLock("document").readLock().acquire();
            Lease permits = holder.semaphore("pool", 3).acquire(2);
            CompletableFuture<Lease> writer =
                    holder.readWriteLock("document").writeLock().acquireAsync();
            CompletableFuture<Lease> two = other.semaphore("pool", 3).acquireAsync(2);
            awaitWaiting(database.address(), "%", 2);
            long before = System.nanoTime();
            server.crash();
            server.startAgain();
            if (millisSince(before) > CrashStory.TIMEOUT_MS / 2) {
                return; // no promise was broken; this machine was too slow for the rest of the story
            }
            awaitWaiting(database.address(), "%", 2);
            Scene.eventually(() -> Scene.number(database.address(), "SELECT count(*) FROM latchkey.locks") == 3);
            Scene.eventually(
                    () -> Scene.text(database.address(), "SELECT granting_from < now() FROM latchkey._incarnation")
                            .equals("t"));
            assertThat(read.isValid() && alsoRead.isValid() && permits.isValid())
                    .isTrue();
            assertThat(writer).isNotDone();
            assertThat(two).isNotDone();
            try (Connection connection = database.connect()) {
                connection.setAutoCommit(false);
                read.fence(connection);
                permits.fence(connection);
                connection.commit();
            }
            assertThat(read.release()).isTrue();
            assertThat(permits.release()).isTrue();
            granted(two).close();
            assertThat(writer).isNotDone();
            assertThat(alsoRead.release()).isTrue();
            try (Lease write = granted(writer)) {
                assertThat(write.fencingToken()).isGreaterThan(alsoRead.fencingToken());
            }
        }
    }
}
