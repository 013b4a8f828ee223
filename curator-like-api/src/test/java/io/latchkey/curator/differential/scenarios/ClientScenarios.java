package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.state.ConnectionState;

/** The client itself. */
@SuppressWarnings("deprecation") // Curator's users still call them
public final class ClientScenarios {
    private ClientScenarios() {}

    /** From latent to stopped, with what is wrong on the way. */
    public static void life(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = stage.client(CuratorFramework.class);
        InterProcessMutex mutex = new InterProcessMutex(client, "/life");
        notes.add("at first", client.getState());
        notes.add("at first, started", client.isStarted());
        notes.message("acquire, not started", () -> mutex.acquire());
        notes.outcome("connected, not started", () -> client.blockUntilConnected(10, TimeUnit.MILLISECONDS));
        client.close();
        notes.add("closed before it was started", client.getState());
        client.start();
        notes.add("started", client.getState());
        notes.message("started twice", () -> client.start());
        client.blockUntilConnected();
        mutex.acquire();
        notes.add("acquired", mutex.isAcquiredInThisProcess());
        mutex.release();
        client.close();
        notes.add("closed", client.getState());
        client.close();
        notes.ends("acquire, closed", () -> mutex.acquire());
        notes.outcome("acquire for a time, closed", () -> mutex.acquire(1, TimeUnit.SECONDS));
        notes.message("started after it was closed", () -> client.start());
    }

    /** What is no path. */
    public static void paths(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        for (String path : List.of("", "a", "a/b", "/a/", "//", "/a//b", "/./a", "/a/..", "/a/../b", "/a\0b", "/a/.")) {
            notes.message("path '" + path + "'", () -> new InterProcessMutex(client, path));
        }
        for (String path : List.of("/", "/a", "/a/b", "/.a", "/a.", "/..a", "/a/...", "/a b", "/\u00e4")) {
            notes.message("path '" + path + "'", () -> new InterProcessMutex(client, path));
        }
    }

    /** Namespaces. */
    public static void namespaces(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        notes.add("none", client.nonNamespaceView().getNamespace());
        CuratorFramework one = client.usingNamespace("one");
        notes.add("one", one.getNamespace());
        notes.add("another of one", one.usingNamespace("two").getNamespace());
        notes.add("none of one", one.nonNamespaceView().getNamespace());
        notes.message("with a slash", () -> client.usingNamespace("/one"));
        InterProcessMutex inOne = new InterProcessMutex(one, "/lock");
        InterProcessMutex inTwo = new InterProcessMutex(client.usingNamespace("two"), "/lock");
        InterProcessMutex alsoInOne = new InterProcessMutex(client.usingNamespace("one"), "/lock");
        inOne.acquire();
        notes.add("the same path elsewhere", inTwo.acquire(0, TimeUnit.SECONDS));
        notes.add("the same path", alsoInOne.acquire(0, TimeUnit.SECONDS));
    }

    /** An outage that is shorter than the session, and one that is longer. */
    public static void outages(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = stage.client(CuratorFramework.class);
        States states = States.of(client);
        client.start();
        states.await(ConnectionState.CONNECTED);
        stage.connected(client, false);
        states.await(ConnectionState.SUSPENDED);
        notes.outcome("connected in the outage", () -> client.blockUntilConnected(10, TimeUnit.MILLISECONDS));
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        notes.add("short", List.copyOf(states.seen()));
        states.seen().clear();
        stage.connected(client, false);
        states.await(ConnectionState.LOST);
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        notes.add("long", List.copyOf(states.seen()));
        notes.outcome("connected afterwards", () -> client.blockUntilConnected(10, TimeUnit.SECONDS));
    }

    /** A listener that comes late, one that is slow, and one that fails. */
    public static void listeners(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = stage.client(CuratorFramework.class);
        CountDownLatch end = new CountDownLatch(1);
        client.getConnectionStateListenable().addListener((unused, state) -> {
            throw new IllegalStateException("a listener that fails");
        });
        States first = States.of(client);
        client.start();
        client.blockUntilConnected();
        first.await(ConnectionState.CONNECTED);
        States late = States.of(client);
        stage.connected(client, false);
        late.await(ConnectionState.SUSPENDED);
        notes.add("late", List.copyOf(late.seen()));
        CountDownLatch entered = new CountDownLatch(1);
        client.getConnectionStateListenable().addListener((unused, state) -> {
            try {
                entered.countDown();
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        States besideSlow = States.of(client);
        stage.connected(client, true);
        entered.await();
        stage.connected(client, false);
        notes.add("beside a slow one", eventually(() -> besideSlow.seen().contains(ConnectionState.SUSPENDED)));
        end.countDown();
    }

    private static boolean eventually(java.util.function.BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
        while (!condition.getAsBoolean() && System.nanoTime() - deadline < 0) {
            Thread.sleep(10);
        }
        return condition.getAsBoolean();
    }
}
