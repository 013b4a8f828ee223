package io.latchkey.crash;

import static io.latchkey.faults.Scene.client;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the grace period is for, and that these tests see it when it is not there. */
@Timeout(60)
final class GracePeriodControlTest {
    private static final int TIMEOUT_MS = 3_000;
    /** The holder has to believe until the server is up again, however slow the machine is. */
    private static final int LONG_TIMEOUT_MS = 20_000;

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
    void lostGrantOfAHolderThatIsCutOff_withTheGracePeriod_isNotGivenToAnotherWhileItIsBelievedIn() throws Exception {
        assertThat(believedInWhenAnotherGotIt("", TIMEOUT_MS)).isFalse();
    }

    /** The negative control: two holders believe in the same lock. */
    @Test
    void lostGrantOfAHolderThatIsCutOff_withoutTheGracePeriod_hasTwoBelievers() throws Exception {
        assertThat(believedInWhenAnotherGotIt("""
                        ALTER FUNCTION latchkey._incarnation() RENAME TO _incarnation_original;
                        CREATE FUNCTION latchkey._incarnation(OUT id bigint, OUT grace_left_ms bigint) LANGUAGE plpgsql AS $$
                        BEGIN
                            SELECT i.id, 0 INTO id, grace_left_ms FROM latchkey._incarnation_original() i;
                            UPDATE latchkey._incarnation SET granting_from = 'epoch' WHERE granting_from > clock_timestamp();
                        END $$""", LONG_TIMEOUT_MS)).isTrue();
    }

    private static boolean believedInWhenAnotherGotIt(String withoutGuard, int timeoutMs) throws Exception {
        try (TestDatabase database = Scene.installed(server, timeoutMs);
                TcpProxy network = TcpProxy.to(server.address());
                Latchkey cutOff = client(
                                database.address().withPort(network.port()).url(), "cut off", timeoutMs)
                        .connect();
                Latchkey other = client(database.url(), "other", timeoutMs).connect()) {
            database.execute(withoutGuard + "; CREATE TABLE flush_what_was_committed_before ()");
            server.holdFlushes();
            Lease lost = cutOff.lock("job").acquire();
            network.blackHole();
            server.crash();
            server.startAgain();
            try (Lease given = other.lock("job").acquire()) {
                boolean believedIn = lost.isValid();
                assertThat(given.isValid()).isTrue();
                assertThat(given.fencingToken()).isGreaterThan(lost.fencingToken());
                return believedIn;
            } finally {
                network.heal();
            }
        }
    }
}
