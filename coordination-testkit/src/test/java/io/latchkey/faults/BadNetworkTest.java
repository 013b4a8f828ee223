package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that look open, of a client that waits. */
@Timeout(60)
final class BadNetworkTest {
    private static final int TIMEOUT_MS = 3_000;

    /** What happens to the connections. All but the delay leave dead ones behind, whatever heals. */
    enum Trouble {
        BLACK_HOLE,
        DELAY,
        RESET,
        HALF_CLOSE;

        void begin(TcpProxy network) {
            switch (this) {
                case BLACK_HOLE -> network.blackHole();
                case DELAY -> network.delay(Duration.ofMillis(150));
                case RESET -> network.reset();
                case HALF_CLOSE -> network.halfClose();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void troubleOnTheConnectionThatRenewsAndListens_theLeaseStays_andTheWaiterIsServed(Trouble trouble)
            throws Exception {
        play(trouble, false);
    }

    @ParameterizedTest
    @EnumSource
    void troubleOnAllConnections_theWaiterIsServed_andNothingIsLeftBehind(Trouble trouble) throws Exception {
        play(trouble, true);
    }

    private static void play(Trouble trouble, boolean all) throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect()) {
            String bad = database.address().withPort(network.port()).url();
            Latchkey client = client(all ? bad : database.url(), "client", TIMEOUT_MS)
                    .listenerUrl(bad)
                    .connect();
            try (client) {
                Lease kept = client.lock("kept").acquire();
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);

                trouble.begin(network);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
                lease.release(); // the notification meets the trouble
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
                network.heal();

                long healed = System.nanoTime();
                try (Lease granted = granted(waiter)) {
                    // A third of the session to the next renewal, another until it counts as failed, and a new
                    // connection.
                    assertThat(millisSince(healed)).isLessThan(TIMEOUT_MS);
                    assertThat(granted.fencingToken()).isGreaterThan(lease.fencingToken());
                    assertThat(granted.isValid()).isTrue();
                }
                assertThat(kept.isValid()).isTrue();
                assertThat(kept.release()).isTrue();
                assertThat(holder.lock("kept").tryAcquire(Duration.ofSeconds(1)))
                        .isPresent();
                assertThat(holder.lock("job").tryAcquire(Duration.ofSeconds(1))).isPresent();
            }
            assertThat(number(database.address(), "SELECT count(*) FROM latchkey._waiter WHERE token IS NULL"))
                    .isZero();
            assertThat(number(database.address(), "SELECT count(*) FROM latchkey.sessions WHERE holder = 'client'"))
                    .isZero();
        }
    }
}
