package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PgBouncer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Behind the real PgBouncer in transaction mode. {@code PooledCrashTest} plays crashes behind a pooler of the testkit's own. */
@Timeout(90)
final class PgBouncerTest {
    private static final int TIMEOUT_MS = 6_000;

    private static CrashableServer server;
    private static PgBouncer pooler;

    private TestDatabase database;

    @BeforeAll
    static void start() {
        server = PostgresServer.start();
        try {
            pooler = PgBouncer.to(server.address());
        } catch (RuntimeException | Error e) {
            server.close();
            throw e;
        }
    }

    @AfterAll
    static void stop() {
        if (pooler != null) {
            pooler.close();
            server.close();
        }
    }

    @BeforeEach
    void install() {
        database = Scene.installed(server, TIMEOUT_MS);
    }

    @AfterEach
    void drop() {
        database.close();
    }

    private DatabaseAddress pooled() {
        return database.address().withPort(pooler.port()).withParameter("prepareThreshold", "0");
    }

    @Test
    void locksTimedLeasesAndFences_work() throws Exception {
        try (Latchkey client = client(pooled().url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(pooled().url(), "other", TIMEOUT_MS).connect()) {
            Lease lease = client.lock("job").tryAcquire().orElseThrow();
            assertThat(other.lock("job").tryAcquire()).isEmpty();
            try (Connection connection = pooled().connect()) {
                connection.setAutoCommit(false);
                lease.fence(connection);
                connection.commit();
            }
            assertThat(lease.release()).isTrue();
            TimedLease timed = other.lock("nightly")
                    .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)))
                    .orElseThrow();
            assertThat(client.lock("nightly").tryAcquire()).isEmpty();
            assertThat(timed.extend(LeaseTime.atMost(Duration.ofMinutes(2)))).isTrue();
            assertThat(timed.release()).isTrue();
            try (Lease read = client.readWriteLock("document").readLock().acquire();
                    Lease permit = client.semaphore("pool", 2).acquire()) {
                assertThat(read.isValid() && permit.isValid()).isTrue();
            }
            // Nothing that was set for one of our transactions stays on a connection that others get.
            for (int i = 0; i < 20; i++) {
                try (Connection connection = pooled().connect()) {
                    assertThat(setting(connection, "synchronous_commit")).isEqualTo("on");
                }
            }
        }
    }

    /** Sessions are rows and not connections: many clients share a few connections to the server, and keep their leases. */
    @Test
    void manyClientsOnFewConnections_keepTheirLeases() throws Exception {
        List<Latchkey> clients = new ArrayList<>();
        try (PgBouncer narrow = PgBouncer.to(server.address(), 3)) {
            String url = pooled().withPort(narrow.port()).url();
            for (int i = 0; i < 8; i++) {
                clients.add(client(url, "client " + i, TIMEOUT_MS).connect());
            }
            List<Lease> leases = new ArrayList<>();
            for (Latchkey client : clients) {
                leases.add(client.lock("lock of " + client.holder()).acquire());
            }
            Contention contention = new Contention(clients, 2, 4);
            long start = System.nanoTime();
            eventually(() -> millisSince(start) > TIMEOUT_MS + 1_000
                    || !contention.wrong().isEmpty());
            assertThat(contention.end(Scene.PATIENCE)).isTrue();
            assertThat(contention.wrong()).isEmpty();
            assertThat(leases).allMatch(Lease::isValid);
            assertThat(
                            number(
                                    database.address(),
                                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
                    .isLessThanOrEqualTo(3);
        } finally {
            clients.forEach(Latchkey::close);
        }
    }

    /** LISTEN succeeds there, and nothing arrives: the client finds out by a notification through its other connection. */
    @Test
    void client_noticesThatNotificationsDoNotArrive_pollsWhileItWaits_andSaysSo() throws Exception {
        try (Latchkey holder = client(database.url(), "holder", 15_000).connect();
                Latchkey polling = client(pooled().url(), "polling", 15_000).connect()) {
            assertThat(polling.isPolling()).isFalse(); // it has not waited yet
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = polling.lock("job").acquireAsync();
            eventually(polling::isPolling);
            assertThat(holder.isPolling()).isFalse();
            awaitWaiting(database.address(), "job", 1);
            lease.release();
            long released = System.nanoTime();
            granted(waiter).close();
            assertThat(millisSince(released)).isLessThan(3_000); // not the backstop, which is a third of 15 s
        }
    }

    @Test
    void client_withAListenerUrlPastThePooler_isWoken_andDoesNotPoll() throws Exception {
        try (Latchkey holder = client(pooled().url(), "holder", 15_000).connect();
                Latchkey woken = client(pooled().url(), "woken", 15_000)
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

    /** What the client relies on when it finds out: so a notification of the same connection, which may arrive, is no proof. */
    @Test
    void pooler_deliversNoNotificationOfAnotherConnection() throws Exception {
        try (Connection listening = pooled().connect();
                Connection other = pooled().connect()) {
            execute(listening, "LISTEN probe");
            try (Connection ties = pooled().connect()) { // the connection to the server goes round
                execute(ties, "SELECT 1");
                execute(other, "NOTIFY probe, 'other'");
                execute(other, "NOTIFY probe, 'again'");
            }
            PGNotification[] arrived = listening.unwrap(PGConnection.class).getNotifications(500);
            assertThat(arrived == null ? 0 : arrived.length).isZero();
        }
    }

    /**
     * A prepared statement stays behind on the connection to the server where it was made. So the pooled URL has to say
     * prepareThreshold=0 (the control: without it calls fail), and then hundreds of calls through several connections succeed.
     */
    @Test
    void preparedStatements_areInTheWay_unlessTheUrlSwitchesThemOff() throws Exception {
        assertThat(failuresOfPreparedStatements(5)).isPositive();
        assertThat(failuresOfPreparedStatements(0)).isZero();
        List<Latchkey> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                clients.add(client(pooled().url(), "client " + i, TIMEOUT_MS).connect());
            }
            Contention contention = new Contention(clients, 4, 8);
            eventually(() ->
                    contention.counts().stream().mapToInt(Integer::intValue).sum() > 400
                            || !contention.wrong().isEmpty());
            assertThat(contention.end(Scene.PATIENCE)).isTrue();
            assertThat(contention.wrong()).isEmpty();
        } finally {
            clients.forEach(Latchkey::close);
        }
    }

    @Test
    void poolerThatIsKilledAndComesBack_costsNoLease_andWaitersAreServed() throws Exception {
        try (Latchkey client = client(pooled().url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease kept = client.lock("kept").acquire();
            Lease lease = other.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            pooler.kill();
            lease.release();
            pooler.startAgain();
            granted(waiter).close();
            assertThat(kept.isValid()).isTrue();
            assertThat(kept.release()).isTrue();
            assertThat(other.lock("kept").tryAcquire()).isPresent();
        } finally {
            if (!pooler.isRunning()) {
                pooler.startAgain();
            }
        }
    }

    private int failuresOfPreparedStatements(int threshold) throws SQLException {
        DatabaseAddress where = pooled().withParameter("prepareThreshold", Integer.toString(threshold));
        int failures = 0;
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                connections.add(where.connect());
            }
            for (int round = 0; round < 10; round++) {
                for (Connection connection : connections) {
                    try (PreparedStatement statement = connection.prepareStatement("SELECT ?::int")) {
                        for (int i = 0; i < 3; i++) {
                            statement.setInt(1, i);
                            statement.executeQuery().close();
                        }
                    } catch (SQLException e) {
                        assertThat(e.getSQLState()).isIn("42P05", "26000");
                        failures++;
                    }
                }
            }
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
        return failures;
    }

    private static String setting(Connection connection, String name) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SHOW " + name)) {
            row.next();
            return row.getString(1);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
