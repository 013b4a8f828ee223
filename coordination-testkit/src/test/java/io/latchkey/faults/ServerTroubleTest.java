package io.latchkey.faults;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that answers, but not as it should. */
@Timeout(60)
final class ServerTroubleTest {
    private static final int TIMEOUT_MS = 4_000;

    private static CrashableServer server;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(ServerOptions.defaults().setting("max_connections", "12"));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void serverWithoutAConnectionLeft_holdersHold_andCallsWaitForOne() throws Exception {
        List<Connection> others = new ArrayList<>();
        try (TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Connection admin = database.connect();
                Statement statement = admin.createStatement()) {
            Lease lease = client.lock("held").acquire();
            statement.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%acquire_lock%'"
                    + " AND pid <> pg_backend_pid()");
            eventually(() -> takeAll(database, others));
            assertThatThrownBy(() -> client.lock("new").tryAcquire())
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("max_connections");
            assertThatThrownBy(
                            () -> client(database.url(), "one more", TIMEOUT_MS).connect())
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("max_connections");
            CompletableFuture<Lease> waiter = client.lock("new").acquireAsync();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS));
            assertThat(waiter).isNotDone();
            assertThat(lease.isValid()).isTrue();
            close(others);
            granted(waiter).close();
        } finally {
            close(others);
        }
    }

    @Test
    void serverThatIsReadOnlyForAWhile_holdersHold_andCallsWaitUntilItIsNot() throws Exception {
        try (TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            Lease lease = client.lock("held").acquire();
            readOnly("on");
            assertThatThrownBy(() -> client.lock("new").tryAcquire())
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("read-only");
            CompletableFuture<Lease> waiter = client.lock("new").acquireAsync();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
            assertThat(waiter).isNotDone();
            readOnly("off");
            granted(waiter).close();
            assertThat(lease.isValid()).isTrue();
            assertThat(lease.release()).isTrue();
        } finally {
            readOnly("off");
        }
    }

    @Test
    void statementUnderWay_whenTheServerRestarts_isSentAgain() throws Exception {
        try (TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Connection blocker = database.connect();
                Statement statement = blocker.createStatement()) {
            client.lock("job").acquire().close();
            blocker.setAutoCommit(false);
            statement.execute("SELECT FROM latchkey._lock FOR UPDATE");
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            eventually(() ->
                    number(database.address(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                            > 0);
            server.restart();
            granted(waiter).close();
            assertThat(client.lock("job").tryAcquire()).isPresent();
        }
    }

    private static void readOnly(String value) {
        try (Connection connection = server.address().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET default_transaction_read_only = " + value);
            statement.execute("SELECT pg_reload_conf()");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        eventually(() -> Scene.text(server.address(), "SHOW default_transaction_read_only")
                .equals(value));
    }

    /** Returns true when there is none left. */
    private static boolean takeAll(TestDatabase database, List<Connection> taken) {
        try {
            while (true) {
                taken.add(database.connect());
            }
        } catch (SQLException e) {
            return e.getSQLState().equals("53300");
        }
    }

    private static void close(List<Connection> connections) throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
        connections.clear();
    }
}
