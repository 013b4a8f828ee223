package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.PGConnection;

/** What PostgreSQL does, and Latchkey relies on. If one of these fails on a new version, the design has to change. */
@ParameterizedClass
@ValueSource(ints = {15, 18})
final class DatabaseBehaviourTest {
    @SuppressWarnings("NullAway.Init")
    private static CrashableServer server;

    @Parameter
    int major;

    @SuppressWarnings("NullAway.Init")
    private TestDatabase database;

    @BeforeParameterizedClassInvocation
    static void startServer(int major) {
        server = PostgresServer.start(
                ServerOptions.defaults().major(major).setting("autovacuum", "off")); // it would use transaction ids
    }

    @AfterParameterizedClassInvocation
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void createDatabase() {
        database = server.database();
    }

    @AfterEach
    void dropDatabase() {
        database.close();
    }

    @Test
    void server_isOfTheVersionAskedFor() {
        assertThat(server.majorVersion()).isEqualTo(major);
    }

    @Test
    void unloggedTable_isIntactAfterCleanRestart() throws SQLException {
        createMarker();
        server.restart();
        assertThat(markers(database.address())).isEqualTo("1");
    }

    @Test
    void unloggedTable_isEmptyAfterCrashOfServer() throws SQLException {
        createMarker();
        server.crash();
        server.startAgain();
        assertThat(markers(database.address())).isEqualTo("0");
    }

    @Test
    void unloggedTable_isEmptyAfterCrashOfBackend() throws SQLException {
        createMarker();
        try (Connection victim = database.connect()) {
            server.killBackend(Sql.number(victim, "SELECT pg_backend_pid()"));
        }
        assertThat(markers(database.address())).isEqualTo("0");
    }

    @Test
    void unloggedTable_isEmptyOnPromotedStandby() throws SQLException {
        createMarker();
        try (StandbyServer standby = server.standby()) {
            standby.awaitCaughtUp();
            standby.promote();
            assertThat(markers(database.address().withPort(standby.address().port())))
                    .isEqualTo("0");
        }
    }

    @Test
    void failedUpsert_usesTransactionId_failedUpdateDoesNot() throws SQLException {
        try (Connection connection = database.connect()) {
            Sql.execute(connection, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
            assertThat(idsUsedBy(
                            connection, "INSERT INTO t VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET v = 2 WHERE false"))
                    .isEqualTo(1);
            assertThat(idsUsedBy(connection, "UPDATE t SET v = 2 WHERE id = 1 AND v = 9"))
                    .isZero();
            assertThat(idsUsedBy(connection, "INSERT INTO t VALUES (1, 2) ON CONFLICT DO NOTHING"))
                    .isZero();
        }
    }

    @Test
    void updatesOfExpiry_areHotOnlyWithoutIndexOnIt() throws SQLException {
        try (Connection connection = database.connect()) {
            String table = "CREATE TABLE t (id int PRIMARY KEY, expires_at timestamptz) WITH (fillfactor = 50)";
            assertThat(hotShare(connection, table)).isGreaterThan(0.95);
            assertThat(hotShare(connection, table + "; CREATE INDEX ON t (expires_at)"))
                    .isZero();
        }
    }

    @Test
    void notification_arrivesFromRoleWithoutPrivileges() throws SQLException {
        try (Connection listener =
                        database.address().withUser(database.createRole()).connect();
                Connection sender =
                        database.address().withUser(database.createRole()).connect()) {
            Sql.execute(listener, "LISTEN anything");
            Sql.execute(sender, "NOTIFY anything, 'forged'");
            assertThat(listener.unwrap(PGConnection.class).getNotifications(5_000))
                    .extracting(notification -> notification.getParameter())
                    .containsExactly("forged");
        }
    }

    @Test
    void keyShareLock_letsUpdatePass_andMakesForUpdateSkip() throws SQLException {
        try (Connection sharer = database.connect();
                Connection other = database.connect()) {
            Sql.execute(sharer, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
            sharer.setAutoCommit(false);
            assertThat(Sql.query(sharer, "SELECT v FROM t FOR KEY SHARE")).isEqualTo("1");

            Sql.execute(other, "SET lock_timeout = '2s'");
            assertThat(Sql.update(other, "UPDATE t SET v = 2 WHERE id = 1")).isEqualTo(1);
            assertThat(Sql.query(other, "SELECT id FROM t FOR UPDATE SKIP LOCKED"))
                    .isEqualTo("none");
            assertThat(Sql.query(other, "SELECT id FROM t FOR NO KEY UPDATE SKIP LOCKED"))
                    .isEqualTo("1");

            sharer.rollback();
            assertThat(Sql.query(other, "SELECT id FROM t FOR UPDATE SKIP LOCKED"))
                    .isEqualTo("1");
        }
    }

    @Test
    void updateExpression_isEvaluatedBeforeTheWaitForTheRow() throws Exception {
        try (Connection holder = database.connect();
                Connection waiter = database.connect();
                Connection observer = database.connect()) {
            Sql.execute(holder, "CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t VALUES (1)");
            holder.setAutoCommit(false);
            Sql.query(holder, "SELECT id FROM t FOR UPDATE");
            CompletableFuture<String> written = CompletableFuture.supplyAsync(
                    () -> query(waiter, "UPDATE t SET at = clock_timestamp() RETURNING extract(epoch FROM at)"));
            await().until(() -> Sql.number(observer, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0);
            String waiting = Sql.query(observer, "SELECT extract(epoch FROM clock_timestamp())");
            holder.rollback();
            assertThat(Double.parseDouble(written.get(5, TimeUnit.SECONDS))).isLessThan(Double.parseDouble(waiting));
        }
    }

    @Test
    void loneSurrogate_isStoredAsQuestionMark() throws SQLException {
        try (Connection connection = database.connect();
                var statement = connection.prepareStatement("SELECT ? = '?'")) {
            statement.setString(1, "\uD800");
            try (var rows = statement.executeQuery()) {
                rows.next();
                assertThat(rows.getBoolean(1)).isTrue();
            }
        }
    }

    private void createMarker() {
        database.execute("CREATE UNLOGGED TABLE marker (n int); INSERT INTO marker VALUES (1)");
    }

    private static String markers(DatabaseAddress where) throws SQLException {
        return Sql.query(where, "SELECT count(*) FROM marker");
    }

    private static long idsUsedBy(Connection connection, String sql) throws SQLException {
        String next = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
        long before = Sql.number(connection, next);
        assertThat(Sql.update(connection, sql)).isZero();
        return Sql.number(connection, next) - before;
    }

    private static double hotShare(Connection connection, String createTable) throws SQLException {
        Sql.execute(connection, "DROP TABLE IF EXISTS t; " + createTable);
        Sql.execute(connection, "INSERT INTO t SELECT n, now() FROM generate_series(1, 100) n");
        for (int round = 0; round < 20; round++) {
            Sql.update(connection, "UPDATE t SET expires_at = clock_timestamp() + '30 s'");
        }
        Sql.query(connection, "SELECT pg_stat_force_next_flush()");
        return Double.parseDouble(Sql.query(
                connection, "SELECT n_tup_hot_upd::float / n_tup_upd FROM pg_stat_user_tables WHERE relname = 't'"));
    }

    private static String query(Connection connection, String sql) {
        try {
            return Sql.query(connection, sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
