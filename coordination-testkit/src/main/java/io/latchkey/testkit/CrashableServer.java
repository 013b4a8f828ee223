package io.latchkey.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A PostgreSQL server of one test, whose process and files belong to it: it can crash, start again, stand still and have
 * a standby. It keeps its port and its data until it is closed. Methods return when what they name has happened.
 *
 * <p>Thread-safe for queries; the methods that stop and start it are for one thread at a time.
 */
public final class CrashableServer implements PostgresServer, AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Installation installation;
    private final ServerOptions options;
    private final DataDirectory files;
    private final String password;
    private final Thread atExit = new Thread(this::discard, "latchkey-testkit-exit");
    private final Watchdog watchdog;
    private ServerProcess process;

    private CrashableServer(Installation installation, ServerOptions options, DataDirectory files, String password)
            throws IOException {
        this.installation = installation;
        this.options = options;
        this.files = files;
        this.password = password;
        this.process = ServerProcess.startOnFreePort(installation, options, files);
        this.watchdog = Watchdog.ofServer(files.root());
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    static CrashableServer start(ServerOptions options) {
        Installation installation = Installation.find(options.source());
        String password = UUID.randomUUID().toString().replace("-", "");
        try {
            return start(installation, options, DataDirectory.create(installation, password, options), password);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start PostgreSQL from " + installation.bin(), e);
        }
    }

    private static CrashableServer start(
            Installation installation, ServerOptions options, DataDirectory files, String password) throws IOException {
        CrashableServer server;
        try {
            server = new CrashableServer(installation, options, files, password);
        } catch (IOException | RuntimeException e) {
            files.delete();
            throw e;
        }
        return server.closedUnlessReady();
    }

    @Override
    public DatabaseAddress address() {
        NetworkNamespace network = options.network();
        return new DatabaseAddress(
                network == null ? "127.0.0.1" : network.serverAddress(),
                process.port(),
                "postgres",
                DataDirectory.SUPERUSER,
                password,
                Map.of());
    }

    /** Process id of the postmaster. */
    public long pid() {
        return process.pid();
    }

    /** Whether the postmaster runs; it may be starting, or stand still. */
    public boolean isRunning() {
        return process.isRunning();
    }

    /** What the server has written to its log so far. */
    public String log() {
        return files.logText();
    }

    /** Kills the server (SIGKILL), as when its machine fails. Returns when no process of it is left. */
    public void crash() {
        process.kill();
    }

    /** Starts it after {@link #crash()} or {@link #stop}: the same port, the same data. Returns when it answers. */
    public void startAgain() {
        if (isRunning()) {
            throw new IllegalStateException("It runs");
        }
        try {
            process = ServerProcess.start(installation, options, files, process.port());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        waitUntilReady(PATIENCE);
    }

    /** Ends all connections and shuts the server down cleanly ("fast"). */
    public void stop() {
        process.stop("INT", PATIENCE);
    }

    /** Ends the server at once and without a checkpoint ("immediate"): the next start recovers, as after a crash. */
    public void stopImmediately() {
        process.stop("QUIT", PATIENCE);
    }

    /** A clean stop and a start. */
    public void restart() {
        stop();
        startAgain();
    }

    /**
     * Kills one backend (SIGKILL). The server then ends all the others, and recovers. Returns when it answers again.
     *
     * @param pid what {@code pg_backend_pid()} says
     */
    public void killBackend(long pid) {
        List<ProcessHandle> before = process.children();
        ProcessHandle victim = before.stream()
                .filter(child -> child.pid() == pid)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(pid + " is no backend of this server"));
        victim.destroyForcibly();
        OsProcess.awaitEnd(before, PATIENCE);
        waitUntilReady(PATIENCE);
    }

    /** Stops all its processes (SIGSTOP): connections stay open and nothing is answered. */
    public void pause() {
        process.pause();
    }

    /** Lets its processes go on after {@link #pause()} or {@link #holdFlushes()}. */
    public void resume() {
        process.resume();
    }

    /**
     * Stops the processes that flush the write-ahead log in the background. From now on, a {@link #crash()} loses every
     * commit made with {@code synchronous_commit=off} that no later flushed commit has carried to the disk. Give the
     * server {@code autovacuum=off}, or its commits flush.
     */
    public void holdFlushes() {
        List<Long> pids = query(
                "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('walwriter', 'checkpointer', 'background writer')");
        OsProcess.stop(process.children().stream()
                .filter(child -> pids.contains(child.pid()))
                .collect(Collectors.toList()));
    }

    /**
     * Makes a standby that follows this server by streaming, and waits until it does. Commits do not wait for it. Close
     * the standby before this server. Its write-ahead log is on the same disk as that of this server.
     */
    public StandbyServer standby() {
        if (options.dataDisk() != null) {
            throw new IllegalStateException("A server with a small disk for its data cannot have a standby");
        }
        return StandbyServer.of(this);
    }

    /**
     * Waits until the server answers a query.
     *
     * @throws IllegalStateException with the server's log if it has ended, or does not answer in time
     */
    public void waitUntilReady(Duration limit) {
        String url = address()
                .withParameter("connectTimeout", "5")
                .withParameter("socketTimeout", "5")
                .url();
        try {
            await().atMost(limit)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> answers(url) || !isRunning());
        } catch (ConditionTimeoutException e) {
            throw new IllegalStateException("The server does not answer within " + limit + ":\n" + log(), e);
        }
        if (!isRunning()) {
            throw new IllegalStateException("The server has ended:\n" + log());
        }
    }

    /** Stops the server, however it is, and deletes its data. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        discard();
    }

    @Override
    public String toString() {
        return address().toString();
    }

    /** A server with these files, which were copied from this one. */
    CrashableServer startCopy(DataDirectory copy) throws IOException {
        SmallDisk disk = options.logDisk();
        if (disk != null) {
            copy.logOn(disk);
        }
        return start(installation, options, copy, password);
    }

    DataDirectory files() {
        return files;
    }

    List<Long> query(String sql) {
        try (Connection connection = address().connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            Stream.Builder<Long> numbers = Stream.builder();
            while (rows.next()) {
                numbers.add(rows.getLong(1));
            }
            return numbers.build().collect(Collectors.toList());
        } catch (SQLException e) {
            throw new IllegalStateException(address() + ": " + e.getMessage(), e);
        }
    }

    private CrashableServer closedUnlessReady() {
        try {
            waitUntilReady(PATIENCE);
            return this;
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static boolean answers(String url) {
        try (Connection connection = DriverManager.getConnection(url)) {
            return connection.isValid(5);
        } catch (SQLException e) {
            return false;
        }
    }

    private void discard() {
        process.discard();
        watchdog.close();
        files.delete();
    }
}
