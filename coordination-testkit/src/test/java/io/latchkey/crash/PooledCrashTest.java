package io.latchkey.crash;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PoolingProxy;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Behind a pooler in transaction mode, where a connection outlives the server and notifications do not arrive. */
@Timeout(90)
final class PooledCrashTest {
    private static CrashableServer server;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(ServerOptions.defaults().setting("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void crashThatThePoolerHides_isNoticedByTheIncarnation_andHoldersResume() throws Exception {
        try (TestDatabase database = Scene.installed(server, CrashStory.TIMEOUT_MS);
                PoolingProxy pooler = PoolingProxy.to(server.address())) {
            CrashStory.play(database, pooled(database, pooler), new CrashStory.Crash() {
                @Override
                public void holdBack() {
                    server.holdFlushes();
                }

                @Override
                public void happen() {
                    server.crash();
                    server.startAgain();
                }

                @Override
                public DatabaseAddress afterwards() {
                    return database.address();
                }
            });
        }
    }

    @Test
    void waiting_behindAPooler_polls() throws Exception {
        try (TestDatabase database = Scene.installed(server, 3_000);
                PoolingProxy pooler = PoolingProxy.to(server.address());
                Latchkey holder = client(database.url(), "holder", 15_000).connect();
                Latchkey polling =
                        client(pooled(database, pooler), "polling", 15_000).connect()) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = polling.lock("job").acquireAsync();
            eventually(polling::isPolling);
            lease.release();
            long released = System.nanoTime();
            granted(waiter).close();
            assertThat(millisSince(released)).isLessThan(1_500); // not the backstop, which is 5 s
        }
    }

    @Test
    void waiting_withAListenerUrlPastThePooler_isWoken() throws Exception {
        try (TestDatabase database = Scene.installed(server, 3_000);
                PoolingProxy pooler = PoolingProxy.to(server.address());
                Latchkey holder =
                        client(pooled(database, pooler), "holder", 15_000).connect();
                Latchkey woken = client(pooled(database, pooler), "woken", 15_000)
                        .listenerUrl(database.url())
                        .connect()) {
            long start = System.nanoTime();
            while (millisSince(start) < 1_500) { // longer than it takes to find out that nothing arrives
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter = woken.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                lease.release();
                granted(waiter).close();
            }
            assertThat(woken.isPolling()).isFalse();
        }
    }

    private static String pooled(TestDatabase database, PoolingProxy pooler) {
        return database.address()
                .withPort(pooler.port())
                .withParameter("prepareThreshold", "0")
                .url();
    }
}
