package io.latchkey.curator.differential;

import static org.awaitility.Awaitility.await;

import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Where a scenario plays: clients of one back end, each behind a network of its own that can be cut. */
public final class Stage implements AutoCloseable {
    /** The session's timeout of all clients. */
    public static final int SESSION_MS = 4_000;

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Backend backend;
    private final Map<Object, TcpProxy> networks = new HashMap<>();
    private final Deque<AutoCloseable> toClose = new ArrayDeque<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    Stage(Backend backend) {
        this.backend = backend;
    }

    /** What differs between ZooKeeper and PostgreSQL. */
    interface Backend {
        /** A network in front of the server. */
        TcpProxy network();

        /** A client through this port, not started. */
        AutoCloseable client(int port);

        /** How many hold or wait for what is at this path. */
        int participants(String path) throws Exception;
    }

    /** A client that is not started. */
    public <C extends AutoCloseable> C client(Class<C> type) {
        TcpProxy network = backend.network();
        toClose.push(network);
        C client = type.cast(backend.client(network.port()));
        toClose.push(client);
        networks.put(client, network);
        return client;
    }

    /** Cuts this client off, or brings it back. */
    public void connected(AutoCloseable client, boolean connected) {
        TcpProxy network = Objects.requireNonNull(networks.get(client));
        if (connected) {
            network.heal();
        } else {
            network.refuse();
            network.reset();
        }
    }

    /** Runs something on another thread. */
    public <T> Future<T> elsewhere(Callable<T> call) {
        return threads.submit(call);
    }

    /** Waits for a condition. */
    public static void eventually(Callable<Boolean> condition) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    /** Waits until so many hold or wait for what is at this path. */
    public void awaitParticipants(String path, int count) {
        eventually(() -> backend.participants(path) == count);
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable each : toClose) {
            each.close();
        }
        threads.shutdownNow();
    }
}
