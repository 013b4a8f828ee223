package io.latchkey.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The real PgBouncer in transaction mode, in front of one server: Debian's package, unpacked on demand as {@link PgCronServer} is,
 * which takes root, apt and the network the first time; elsewhere the test is skipped and says how to get it. It listens on the
 * loopback address, logs in as the user of the address it was given, and ends with this JVM, also with one that is killed.
 *
 * <p>Thread-safe for its clients; the methods are for one thread at a time.
 */
public final class PgBouncer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 5;

    /** Ends the process with this id, if it still is the one that works on this directory. */
    private static final String END = """
            pid=$(cat "$1/pid" 2>/dev/null)
            if [ -n "$pid" ] && grep -qF "$1" "/proc/$pid/cmdline" 2>/dev/null; then
              kill -KILL "$pid"
            fi
            rm -rf "$1"
            """;

    private final DebianPackage files;
    private final DatabaseAddress target;
    private final Path root;
    private final Watchdog watchdog;
    private final Thread atExit = new Thread(this::discard, "latchkey-testkit-exit");
    private int port;
    private Process process;

    private PgBouncer(DebianPackage files, DatabaseAddress target, int poolSize) throws IOException {
        this.files = files;
        this.target = target;
        this.root = Files.createTempDirectory("latchkey-pgbouncer-");
        this.watchdog = Watchdog.running(END, root.toString());
        this.process = startOnFreePort(poolSize);
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** A pooler with at most 20 connections to the server of this address, as its user. */
    public static PgBouncer to(DatabaseAddress address) {
        return to(address, 20);
    }

    /**
     * A pooler in front of the server of this address.
     *
     * @param address where connections go to and as whom; its database does not matter, clients name theirs
     * @param poolSize how many connections to the server there are at most, for each database
     */
    public static PgBouncer to(DatabaseAddress address, int poolSize) {
        DebianPackage files = DebianPackage.required("pgbouncer");
        try {
            return new PgBouncer(files, address, poolSize);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start PgBouncer from " + files.root(), e);
        }
    }

    /** The port on 127.0.0.1 where it listens. Connect with {@code address.withPort(pgBouncer.port())}. */
    public int port() {
        return port;
    }

    /** Whether the process runs; it may stand still. */
    public boolean isRunning() {
        return process.isAlive();
    }

    /** What it has written to its log so far. */
    public String log() {
        try {
            return Files.readString(logFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills it (SIGKILL), and with it all connections of its clients. Returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts it after {@link #kill()}, on the same port. Returns when it accepts connections. */
    public void startAgain() {
        if (process.isAlive()) {
            throw new IllegalStateException("It runs");
        }
        try {
            process = start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!awaitListening()) {
            throw new IllegalStateException("PgBouncer does not start:\n" + log());
        }
    }

    /** Stops the process (SIGSTOP): connections stay open and nothing is answered. */
    public void pause() {
        OsProcess.stop(List.of(process.toHandle()));
    }

    /** Lets it go on after {@link #pause()}. */
    public void resume() {
        OsProcess.resume(Stream.of(process.toHandle()));
    }

    /** Ends it and all connections. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        discard();
    }

    private void discard() {
        kill();
        watchdog.close();
        DataDirectory.delete(root);
    }

    /** Somebody may take the port between our look and its: then with another one. */
    private Process startOnFreePort(int poolSize) throws IOException {
        for (int attempt = 1; ; attempt++) {
            port = freePort();
            configure(poolSize);
            process = start();
            if (awaitListening()) {
                return process;
            }
            if (attempt == ATTEMPTS) {
                String log = log();
                discard();
                throw new IOException("PgBouncer does not start:\n" + log);
            }
        }
    }

    private void configure(int poolSize) throws IOException {
        Path users = root.resolve("users.txt");
        Files.writeString(users, quoted(target.user()) + " " + quoted(target.password()) + "\n");
        Files.setPosixFilePermissions(users, PosixFilePermissions.fromString("rw-------"));
        List<String> lines = new ArrayList<>(List.of(
                "[databases]",
                "* = host=" + target.host() + " port=" + target.port(),
                "[pgbouncer]",
                "listen_addr = 127.0.0.1",
                "listen_port = " + port,
                "unix_socket_dir =",
                "auth_type = plain",
                "auth_file = " + users,
                "pool_mode = transaction",
                "default_pool_size = " + poolSize,
                "max_client_conn = 500",
                "server_login_retry = 1",
                "ignore_startup_parameters = extra_float_digits",
                "logfile = " + logFile(),
                "pidfile = " + root.resolve("pid")));
        Files.write(root.resolve("pgbouncer.ini"), lines, StandardCharsets.UTF_8);
        OsUser.own(root);
    }

    private Process start() throws IOException {
        Files.deleteIfExists(root.resolve("pid")); // it refuses to start beside one that was killed
        List<String> command = OsUser.unprivileged(List.of(
                files.file("sbin/pgbouncer").toString(),
                root.resolve("pgbouncer.ini").toString()));
        return files.process(command)
                .directory(root.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** False if it has ended instead. */
    private boolean awaitListening() {
        try {
            await().atMost(PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> !process.isAlive() || listens());
        } catch (ConditionTimeoutException e) {
            kill();
        }
        return process.isAlive();
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
            return Files.exists(root.resolve("pid"));
        } catch (IOException e) {
            return false;
        }
    }

    private Path logFile() {
        return root.resolve("log");
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\"", "\"\"") + "\"";
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
