package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * PostgreSQL's own notification queue, full: one listener of some other application sleeps in a transaction, and nothing that was
 * notified since can be forgotten. How large the queue may grow can be set from PostgreSQL 17 on.
 */
@Timeout(90)
final class NotificationQueueTest {
    private static final int TIMEOUT_MS = 4_000;

    private CrashableServer server;
    private TestDatabase database;
    private Connection sleeper;

    @BeforeEach
    void fill() throws SQLException {
        server = PostgresServer.start(ServerOptions.defaults().major(18).setting("max_notify_queue_pages", "64"));
        database = Scene.installed(server, TIMEOUT_MS);
        sleeper = server.address().connect();
        sleeper.setAutoCommit(false);
        execute(sleeper, "LISTEN something");
        sleeper.commit();
        execute(sleeper, "SELECT count(*) FROM pg_class");
    }

    @AfterEach
    void stop() throws SQLException {
        sleeper.close();
        server.close();
    }

    @Test
    void queueThatIsFull_failsNoReleaseAndNoClose_andWaitersAreServedByTheirRenewals() throws Exception {
        AtomicInteger missed = new AtomicInteger();
        LatchkeyBuilder counting = client(database.url(), "client", TIMEOUT_MS).events(new LatchkeyEvents() {
            @Override
            public void wakeUpMissed(String lock) {
                missed.incrementAndGet();
            }
        });
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = counting.connect()) {
            Lease kept = client.lock("kept").acquire();
            fillQueue();
            // Whoever notifies in a transaction of his own is refused: that is what the client has to avoid.
            assertThatThrownBy(() -> database.execute("NOTIFY something"))
                    .hasCauseInstanceOf(SQLException.class)
                    .cause()
                    .extracting(e -> ((SQLException) e).getSQLState())
                    .isEqualTo("54000");
            assertThat(holder.serverStatus().notificationQueue()).isGreaterThan(0.9);

            for (int i = 0; i < 3; i++) {
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                assertThat(lease.release()).isTrue();
                assertThat(granted(waiter).release()).isTrue();
            }
            assertThat(missed).hasPositiveValue();

            Latchkey closing = client(database.url(), "closing", TIMEOUT_MS).connect();
            closing.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            closing.close(); // a hand-over too
            granted(waiter).close();

            long start = System.nanoTime();
            eventually(() -> millisSince(start) > TIMEOUT_MS);
            assertThat(kept.isValid()).isTrue();
            assertThat(holder.lock("kept").tryAcquire()).isEmpty();

            sleeper.rollback(); // it wakes up, and the queue is emptied
            eventually(() -> holder.serverStatus().notificationQueue() < 0.5);
            isWokenAgain(holder, client, missed);
        }
    }

    /** Flushed commits notify in a transaction of their own, which may fail alone. */
    @Test
    void queueThatIsFull_failsNoTimedLease() throws Exception {
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            fillQueue();
            LeaseTime time = LeaseTime.atMost(Duration.ofMinutes(1));
            TimedLease lease = holder.lock("nightly").tryAcquireTimed(time).orElseThrow();
            CompletableFuture<Lease> waiter = client.lock("nightly").acquireAsync();
            awaitWaiting(database.address(), "nightly", 1);
            assertThat(lease.release()).isTrue();
            granted(waiter).close();
            assertThat(holder.lock("nightly").tryAcquireTimed(time)).isPresent();
        }
    }

    /** A client that begins to wait while the queue is full cannot prove that it hears; once the queue moves it does. */
    @Test
    void queueThatIsFullWhenAClientConnects_delaysItOnly() throws Exception {
        fillQueue();
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            eventually(client::isPolling);
            assertThat(lease.release()).isTrue();
            granted(waiter).close();
            sleeper.rollback();
            Lease next = holder.lock("job").acquire();
            waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            next.release();
            granted(waiter).close();
        }
    }

    private void isWokenAgain(Latchkey holder, Latchkey client, AtomicInteger missed) throws Exception {
        eventually(() -> {
            int before = missed.get();
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            lease.release();
            granted(waiter).close();
            return missed.get() == before;
        });
    }

    /** In the other database: the queue is one for the whole server. */
    private void fillQueue() throws SQLException {
        try (Connection connection = server.address().connect()) {
            while (true) {
                execute(
                        connection,
                        "SELECT pg_notify('something', repeat(md5(i::text), 200)) FROM generate_series(1, 8) i");
            }
        } catch (SQLException full) {
            if (!full.getSQLState().equals("54000")) {
                throw full;
            }
        }
        // Down to the last byte.
        try (Connection connection = server.address().connect()) {
            while (true) {
                execute(connection, "NOTIFY something");
            }
        } catch (SQLException full) {
            if (!full.getSQLState().equals("54000")) {
                throw full;
            }
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
