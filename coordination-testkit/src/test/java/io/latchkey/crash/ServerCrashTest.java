package io.latchkey.crash;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
final class ServerCrashTest {
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
    void crashOfTheServer_holdersResume_andNobodyIsGrantedAnythingBefore() throws Exception {
        try (TestDatabase database = Scene.installed(server, CrashStory.TIMEOUT_MS)) {
            CrashStory.play(database, database.url(), new CrashStory.Crash() {
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
    void crashOfABackend_holdersResume_andNobodyIsGrantedAnythingBefore() throws Exception {
        try (TestDatabase database = Scene.installed(server, CrashStory.TIMEOUT_MS)) {
            CrashStory.play(database, database.url(), new CrashStory.Crash() {
                @Override
                public void happen() {
                    server.killBackend(number(
                            database.address(),
                            "SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'latchkey' AND datname = '"
                                    + database.name() + "'"));
                }

                @Override
                public DatabaseAddress afterwards() {
                    return database.address();
                }

                @Override
                public boolean losesCommits() {
                    return false; // the log writer may have been at it
                }
            });
        }
    }

    @Test
    void cleanRestart_sessionsLeasesAndQueuesSurvive_withoutAGracePeriod() throws Exception {
        try (TestDatabase database = Scene.installed(server, 60_000);
                Latchkey holder =
                        client(database.url(), "holder", CrashStory.TIMEOUT_MS).connect();
                Latchkey other =
                        client(database.url(), "other", CrashStory.TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            String state = "SELECT sum(hashtext(id::text)) FROM latchkey._session";
            long sessions = number(database.address(), state);
            long incarnation = number(database.address(), "SELECT id FROM latchkey._incarnation");

            server.restart();

            assertThat(number(database.address(), "SELECT id FROM latchkey._incarnation"))
                    .isEqualTo(incarnation);
            assertThat(number(database.address(), state)).isEqualTo(sessions);
            try (Lease fresh = other.lock("new").acquire()) { // at once, not in a minute
                assertThat(fresh.isValid()).isTrue();
            }
            assertThat(lease.isValid()).isTrue();
            assertThat(waiter).isNotDone();
            assertThat(lease.release()).isTrue();
            assertThat(granted(waiter).fencingToken()).isGreaterThan(lease.fencingToken());
        }
    }
}
