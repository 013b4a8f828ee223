package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A fenced transaction that stays open while its lease ends. */
@Timeout(60)
final class OpenFenceTest {
    private static final int TIMEOUT_MS = 2_000;

    @Test
    void releaseBeforeTheCommit_returnsAtOnce_blocksNobody_andTakesEffectWithTheCommit() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect();
                Connection connection = database.connect()) {
            for (boolean queuedBefore : new boolean[] {true, false}) {
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter =
                        queuedBefore ? other.lock("job").acquireAsync() : null;
                awaitWaiting(database.address(), "job", queuedBefore ? 1 : 0);
                connection.setAutoCommit(false);
                lease.fence(connection);

                long start = System.nanoTime();
                assertThat(lease.release()).isTrue();
                assertThat(lease.release()).isFalse();
                assertThat(other.lock("job").tryAcquire()).isEmpty();
                assertThat(holder.lock("job").tryAcquire()).isEmpty();
                holder.lock("another").acquire().close();
                other.lock("another").acquire().close();
                assertThat(millisSince(start)).isLessThan(500);
                if (waiter == null) {
                    waiter = other.lock("job").acquireAsync();
                }

                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(700));
                assertThat(waiter).isNotDone();
                connection.commit();
                long committed = System.nanoTime();
                try (Lease next = granted(waiter)) {
                    assertThat(millisSince(committed)).isLessThan(250 + 150);
                    assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
                }
            }
        }
    }

    @Test
    void expiryBeforeTheCommit_theNextOneWaitsForTheCommit() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey holder = client(
                                database.address().withPort(network.port()).url(), "holder", TIMEOUT_MS)
                        .connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect();
                Connection connection = database.connect()) {
            Lease lease = holder.lock("job").acquire();
            connection.setAutoCommit(false);
            lease.fence(connection);
            CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
            network.blackHole();
            eventually(() -> !lease.isValid());
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_500)); // over at the database as well
            assertThat(waiter).isNotDone();
            connection.commit();
            long committed = System.nanoTime();
            try (Lease next = granted(waiter)) {
                assertThat(millisSince(committed)).isLessThan(250 + 150);
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            }
            network.heal();
        }
    }
}
