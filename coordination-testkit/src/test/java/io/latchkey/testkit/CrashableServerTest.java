package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class CrashableServerTest {
    @SuppressWarnings("NullAway.Init")
    private static CrashableServer server;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(ServerOptions.defaults().setting("autovacuum", "off"));
    }

    @AfterAll
    static void stop() {
        server.close();
        assertThat(server.isRunning()).isFalse();
        assertThat(Files.exists(server.files().root())).isFalse();
    }

    @Test
    void crash_closesPort_andStartAgainRecovers() throws SQLException {
        try (TestDatabase database = server.database();
                Connection open = database.connect()) {
            database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
            int port = server.address().port();
            server.crash();
            assertThat(server.isRunning()).isFalse();
            assertThat(open.isValid(1)).isFalse();
            assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                    .isInstanceOf(ConnectException.class);

            server.startAgain();
            assertThat(server.address().port()).isEqualTo(port);
            assertThat(Sql.query(database.address(), "SELECT n FROM t")).isEqualTo("1");
            assertThat(server.log()).contains("was not properly shut down");
        }
    }

    @Test
    void crash_losesAsynchronousCommits_whileFlushesAreHeld() throws SQLException {
        try (TestDatabase database = server.database();
                Connection connection = database.connect()) {
            Sql.execute(connection, "CREATE TABLE t (n int)");
            server.holdFlushes();
            Sql.execute(connection, "INSERT INTO t VALUES (1)"); // flushed, with all before it
            Sql.execute(connection, "SET synchronous_commit = off");
            Sql.execute(connection, "INSERT INTO t VALUES (2)");
            assertThat(Sql.query(connection, "SELECT max(n) FROM t")).isEqualTo("2");
            server.crash();
            server.startAgain();
            assertThat(Sql.query(database.address(), "SELECT max(n) FROM t")).isEqualTo("1");
        }
    }

    @Test
    void stopImmediately_recoversLikeACrash() throws SQLException {
        try (TestDatabase database = server.database()) {
            database.execute("CREATE UNLOGGED TABLE t (n int); INSERT INTO t VALUES (1)");
            server.stopImmediately();
            server.startAgain();
            assertThat(Sql.query(database.address(), "SELECT count(*) FROM t")).isEqualTo("0");
        }
    }

    @Test
    void pause_keepsConnectionsOpenAndSilent() throws SQLException {
        DatabaseAddress impatient = server.address().withParameter("socketTimeout", "1");
        try (Connection silent = impatient.connect();
                Connection patient = server.address().connect()) {
            server.pause();
            assertThatThrownBy(() -> Sql.query(silent, "SELECT 1")).hasRootCauseMessage("Read timed out");
            server.resume();
            assertThat(Sql.query(patient, "SELECT 1")).isEqualTo("1");
        }
    }

    @Test
    void killBackend_endsAllConnections_andTheServerStays() throws SQLException {
        try (Connection victim = server.address().connect();
                Connection other = server.address().connect()) {
            long before = server.pid();
            server.killBackend(Sql.number(victim, "SELECT pg_backend_pid()"));
            assertThat(other.isValid(1)).isFalse();
            assertThat(server.pid()).isEqualTo(before);
            assertThatThrownBy(() -> server.killBackend(1)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
