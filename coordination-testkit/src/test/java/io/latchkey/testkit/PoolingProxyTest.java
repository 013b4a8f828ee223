package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

final class PoolingProxyTest {
    @SuppressWarnings("NullAway.Init")
    private static CrashableServer server;

    @SuppressWarnings("NullAway.Init")
    private PoolingProxy pooler;

    @BeforeAll
    static void start() {
        server = PostgresServer.start();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void open() {
        pooler = PoolingProxy.to(server.address());
    }

    @AfterEach
    void close() {
        pooler.close();
    }

    @Test
    void idleConnection_outlivesCrash() throws SQLException {
        try (Connection connection = connect()) {
            String before = backend(connection);
            server.crash();
            server.startAgain();
            assertThat(backend(connection)).isNotEqualTo(before);
        }
    }

    @Test
    void statementDuringTheOutage_waitsForTheServer() throws Exception {
        try (Connection connection = connect()) {
            server.crash();
            CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> uncheckedBackend(connection));
            server.startAgain();
            assertThat(answer.get(10, TimeUnit.SECONDS)).isNotEmpty();
        }
    }

    @Test
    void statementUnderWay_failsAndConnectionGoesOn() throws Exception {
        try (Connection connection = connect()) {
            CompletableFuture<Void> sleep = CompletableFuture.runAsync(() -> assertThatThrownBy(
                            () -> Sql.query(connection, "SELECT 'under way', pg_sleep(60)"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08006")));
            await().until(() -> !server.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%under way%'"
                            + " AND wait_event = 'PgSleep'")
                    .isEmpty());
            server.crash();
            sleep.get(10, TimeUnit.SECONDS);
            server.startAgain();
            assertThat(backend(connection)).isNotEmpty();
        }
    }

    @Test
    void openTransaction_failsAndConnectionGoesOn() throws SQLException {
        try (Connection connection = connect()) {
            connection.setAutoCommit(false);
            backend(connection);
            server.crash();
            server.startAgain();
            assertThatThrownBy(() -> backend(connection))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08006"));
            connection.rollback();
            assertThat(backend(connection)).isNotEmpty();
        }
    }

    @Test
    void serverStaysDown_failsAfterPatience() throws SQLException {
        try (PoolingProxy impatient = PoolingProxy.to(server.address(), Duration.ofMillis(100));
                Connection connection = connect(impatient, server.address())) {
            server.crash();
            assertThatThrownBy(() -> backend(connection))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("08006"));
            server.startAgain();
            assertThat(backend(connection)).isNotEmpty();
        }
    }

    @Test
    void clients_shareConnectionsBetweenTransactions() throws SQLException {
        try (Connection one = connect();
                Connection other = connect()) {
            assertThat(backend(one)).isEqualTo(backend(other));
            one.setAutoCommit(false);
            assertThat(backend(one)).isNotEqualTo(backend(other));
            one.commit();
            assertThat(pooler.serverConnectionCount()).isEqualTo(2);
        }
    }

    @Test
    void listen_succeedsAndNothingArrives() throws SQLException {
        try (Connection listener = connect();
                Connection sender = server.address().connect()) {
            Sql.execute(listener, "LISTEN c");
            Sql.execute(sender, "NOTIFY c");
            assertThat(listener.unwrap(PGConnection.class).getNotifications(200))
                    .isEmpty();
        }
    }

    @Test
    void batchesAndCopies_passThrough() throws Exception {
        try (Connection connection = connect()) {
            connection.setAutoCommit(false);
            Sql.execute(connection, "CREATE TEMP TABLE t (n int, v text) ON COMMIT DROP");
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT INTO t VALUES (?, repeat('x', 1000))")) {
                for (int i = 0; i < 1_000; i++) {
                    insert.setInt(1, i);
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY t FROM STDIN", new StringReader("7\tx\n"));
            assertThat(Sql.query(connection, "SELECT count(*) FROM t")).isEqualTo("1001");
            connection.commit();
            assertThatThrownBy(() -> Sql.query(connection, "SELECT * FROM t")).hasMessageContaining("does not exist");
            connection.rollback();
            assertThat(pooler.serverConnectionCount()).isEqualTo(1);
        }
    }

    @Test
    void wrongPassword_isRefused() throws SQLException {
        try (TestDatabase database = server.database()) {
            TestRole role = database.createRole();
            connect(pooler, server.address().withUser(role)).close();
            DatabaseAddress wrong = server.address().withUser(new TestRole(role.name(), "wrong"));
            assertThatThrownBy(() -> connect(pooler, wrong)).hasMessageContaining("password authentication failed");
        }
    }

    private Connection connect() throws SQLException {
        return connect(pooler, server.address());
    }

    private static Connection connect(PoolingProxy pooler, DatabaseAddress address) throws SQLException {
        return address.withPort(pooler.port())
                .withParameter("prepareThreshold", "0")
                .connect();
    }

    private static String backend(Connection connection) throws SQLException {
        return Sql.query(connection, "SELECT pg_backend_pid()");
    }

    private static String uncheckedBackend(Connection connection) {
        try {
            return backend(connection);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
