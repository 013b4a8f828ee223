package io.latchkey.benchmarks.servers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A server's process with a directory of its own. A shell stands between: it ends the server, by the id it started it with, as
 * soon as the pipe from this JVM ends, so also when this JVM is killed, and deletes the directory.
 */
final class GuardedProcess implements AutoCloseable {
    private static final String GUARD = """
            trap '' INT HUP
            directory=$1; shift
            "$@" </dev/null >"$directory/server.log" 2>&1 &
            pid=$!
            echo "$pid"
            read -r line
            kill "$pid"
            wait "$pid"
            rm -rf "$directory"
            """;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process guard;
    private final Path directory;
    private final long pid;

    private GuardedProcess(Process guard, Path directory, long pid) {
        this.guard = guard;
        this.directory = directory;
        this.pid = pid;
    }

    static Path newDirectory(String name) throws IOException {
        return Files.createTempDirectory("latchkey-bench-" + name + "-");
    }

    static GuardedProcess start(Path directory, List<String> command) throws IOException {
        List<String> all = new ArrayList<>(List.of("sh", "-c", GUARD, "guard", directory.toString()));
        all.addAll(command);
        Process guard = new ProcessBuilder(all)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader out = guard.inputReader(StandardCharsets.US_ASCII);
        return new GuardedProcess(
                guard, directory, Long.parseLong(out.readLine().strip()));
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    long pid() {
        return pid;
    }

    /** Waits until somebody listens on this port. */
    void awaitPort(int port) throws IOException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return;
            } catch (IOException notYet) {
                if (System.nanoTime() - deadline > 0
                        || !ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false)) {
                    String log = log();
                    close();
                    throw new IOException("a server does not start; it says:\n" + log, notYet);
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(20);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private String log() throws IOException {
        Path log = directory.resolve("server.log");
        return Files.exists(log) ? Files.readString(log) : "";
    }

    @Override
    public void close() {
        try {
            guard.getOutputStream().close();
            if (!guard.waitFor(15, TimeUnit.SECONDS)) {
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
