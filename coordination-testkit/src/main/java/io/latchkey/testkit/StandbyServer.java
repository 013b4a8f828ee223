package io.latchkey.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * A streaming standby, made with {@link CrashableServer#standby()}. It can be cut off, so that it provably lacks the
 * primary's last commits, and promoted. For one thread.
 */
public final class StandbyServer implements PostgresServer, AutoCloseable {
    private final CrashableServer primary;
    private final CrashableServer server;
    private final String name;

    private StandbyServer(CrashableServer primary, CrashableServer server, String name) {
        this.primary = primary;
        this.server = server;
        this.name = name;
    }

    static StandbyServer of(CrashableServer primary) {
        String name = "standby_" + UUID.randomUUID().toString().substring(0, 8);
        try {
            DataDirectory copy = baseBackup(primary);
            copy.configure(Map.of("primary_conninfo", connectionInfo(primary, name)));
            Files.createFile(copy.data().resolve("standby.signal"));
            copy.own();
            StandbyServer standby = new StandbyServer(primary, primary.startCopy(copy), name);
            standby.waitUntilStreaming();
            return standby;
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("Cannot make a standby of " + primary, e);
        }
    }

    /** The maintenance database, read-only until {@link #promote()}. */
    @Override
    public DatabaseAddress address() {
        return server.address();
    }

    /** The server as such: crash it, stop it, read its log. */
    public CrashableServer server() {
        return server;
    }

    /** From now on commits of the primary wait until this standby has flushed them. */
    public void makeSynchronous() {
        execute(primary, "ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
        execute(primary, "SELECT pg_reload_conf()");
        waitUntil(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
    }

    /** Commits of the primary wait for no standby any more. */
    public void makeAsynchronous() {
        execute(primary, "ALTER SYSTEM RESET synchronous_standby_names");
        execute(primary, "SELECT pg_reload_conf()");
    }

    /** Waits until everything that the primary has committed so far can be read here. */
    public void awaitCaughtUp() {
        long target = primary.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
                .get(0);
        // Its commit flushes what asynchronous commits before it have left in memory.
        execute(primary, "SELECT pg_logical_emit_message(true, 'latchkey', '')");
        waitUntil(server, "SELECT 1 WHERE pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= " + target);
    }

    /** Cuts the stream. What the primary commits after this call never arrives here. */
    public void disconnect() {
        execute(server, "ALTER SYSTEM SET primary_conninfo = ''");
        execute(server, "SELECT pg_reload_conf()");
        waitUntil(server, "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_wal_receiver)");
        waitUntil(
                primary,
                "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = '" + name + "')");
    }

    /** What arrives is kept, but cannot be read before {@link #resumeReplay()} (or the promotion). */
    public void pauseReplay() {
        execute(server, "SELECT pg_wal_replay_pause()");
        waitUntil(server, "SELECT 1 WHERE pg_get_wal_replay_pause_state() = 'paused'");
    }

    /** Ends {@link #pauseReplay()}. */
    public void resumeReplay() {
        execute(server, "SELECT pg_wal_replay_resume()");
    }

    /** Makes it a primary. Returns when it accepts writes. The old primary is not touched: crash it first. */
    public void promote() {
        execute(server, "SELECT pg_promote(true, 60)");
        waitUntil(server, "SELECT 1 WHERE NOT pg_is_in_recovery()");
    }

    /** Stops it and deletes its data. */
    @Override
    public void close() {
        server.close();
    }

    @Override
    public String toString() {
        return name + " " + address();
    }

    /** Without pg_basebackup, which the embedded binaries lack: the same calls, and a copy of the files in between. */
    private static DataDirectory baseBackup(CrashableServer primary) throws IOException, SQLException {
        try (Connection connection = primary.address().connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('standby', fast => true)");
            DataDirectory copy = primary.files().copy();
            try (ResultSet rows =
                    statement.executeQuery("SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")) {
                rows.next();
                Files.writeString(copy.data().resolve("backup_label"), rows.getString(1));
                return copy;
            } catch (IOException | SQLException e) {
                copy.delete();
                throw e;
            }
        }
    }

    private static String connectionInfo(CrashableServer primary, String name) {
        DatabaseAddress address = primary.address();
        return "host=" + address.host() + " port=" + address.port() + " user=" + address.user() + " password="
                + address.password() + " application_name=" + name;
    }

    private void waitUntilStreaming() {
        try {
            waitUntil(
                    primary,
                    "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND application_name = '" + name
                            + "'");
        } catch (RuntimeException e) {
            String log = server.log();
            close();
            throw new IllegalStateException("The standby does not follow its primary:\n" + log, e);
        }
    }

    private static void waitUntil(CrashableServer where, String sql) {
        await().atMost(CrashableServer.PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> !where.query(sql).isEmpty());
    }

    private static void execute(CrashableServer where, String sql) {
        try (Connection connection = where.address().connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }
}
