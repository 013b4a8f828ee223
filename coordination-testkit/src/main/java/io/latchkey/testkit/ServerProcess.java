package io.latchkey.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/** A postmaster and its children. */
final class ServerProcess {
    private static final int ATTEMPTS = 5;
    private static final Duration SELF_END = Duration.ofSeconds(2);

    private final Process postmaster;
    private final int port;

    private ServerProcess(Process postmaster, int port) {
        this.postmaster = postmaster;
        this.port = port;
    }

    static ServerProcess start(Installation installation, ServerOptions options, DataDirectory files, int port)
            throws IOException {
        Process process = installation
                .server(options, "-D", files.data().toString(), "-p", Integer.toString(port))
                .directory(files.root().toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(files.log().toFile()))
                .start();
        return new ServerProcess(process, port);
    }

    /** Somebody may take the port between our look and the server's: then with another one. */
    static ServerProcess startOnFreePort(Installation installation, ServerOptions options, DataDirectory files)
            throws IOException {
        for (int attempt = 1; ; attempt++) {
            ServerProcess process = start(installation, options, files, freePort());
            await().atMost(CrashableServer.PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> !process.isRunning() || files.logText().contains("listening on"));
            if (process.isRunning()) {
                return process;
            }
            if (attempt == ATTEMPTS || !files.logText().contains("Address already in use")) {
                throw new IOException("PostgreSQL does not start:\n" + files.logText());
            }
        }
    }

    int port() {
        return port;
    }

    long pid() {
        return postmaster.pid();
    }

    boolean isRunning() {
        return postmaster.isAlive();
    }

    List<ProcessHandle> children() {
        return postmaster.descendants().collect(Collectors.toList());
    }

    /** SIGKILL. The children see that the postmaster is gone; who stands still or is too busy to look is killed too. */
    void kill() {
        List<ProcessHandle> children = children();
        postmaster.destroyForcibly();
        awaitEnd();
        children.stream().filter(OsProcess::isStopped).forEach(ProcessHandle::destroyForcibly);
        try {
            OsProcess.awaitEnd(children, SELF_END);
        } catch (ConditionTimeoutException busy) {
            children.forEach(ProcessHandle::destroyForcibly);
            OsProcess.awaitEnd(children, CrashableServer.PATIENCE);
        }
    }

    void stop(String signal, Duration limit) {
        OsProcess.signal(signal, Stream.of(postmaster.toHandle()));
        try {
            if (postmaster.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new IllegalStateException("The server did not stop within " + limit);
    }

    void pause() {
        OsProcess.stop(List.of(postmaster.toHandle()));
        OsProcess.stop(children());
    }

    void resume() {
        List<ProcessHandle> all = new ArrayList<>(children());
        all.add(postmaster.toHandle());
        OsProcess.resume(all.stream());
    }

    /** Ends it in whatever state it is; the data do not matter any more. */
    void discard() {
        if (isRunning()) {
            resume();
            try {
                stop("QUIT", Duration.ofSeconds(5));
            } catch (IllegalStateException e) {
                kill();
            }
        }
    }

    private void awaitEnd() {
        try {
            postmaster.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
