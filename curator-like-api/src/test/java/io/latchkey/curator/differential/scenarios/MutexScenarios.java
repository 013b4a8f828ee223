package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.state.ConnectionState;

/** The two mutexes. */
public final class MutexScenarios {
    private MutexScenarios() {}

    /** Who may enter again, and who may leave. */
    public static void reentry(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessMutex mutex = new InterProcessMutex(client, "/mutex");
        InterProcessMutex twin = new InterProcessMutex(client, "/mutex");
        notes.message("release, never acquired", () -> mutex.release());
        notes.add("acquired at first", mutex.isAcquiredInThisProcess());
        mutex.acquire();
        notes.add("again", mutex.acquire(0, TimeUnit.SECONDS));
        mutex.acquire();
        notes.add("through another object", twin.acquire(0, TimeUnit.SECONDS));
        notes.add("through another object, with time", twin.acquire(100, TimeUnit.MILLISECONDS));
        notes.add(
                "on another thread",
                stage.elsewhere(() -> mutex.acquire(0, TimeUnit.SECONDS)).get());
        notes.add(
                "released on another thread",
                stage.elsewhere(() -> Notes.outcome(
                                () -> {
                                    mutex.release();
                                    return "done";
                                },
                                true))
                        .get());
        notes.add(
                "owned elsewhere",
                stage.elsewhere(mutex::isOwnedByCurrentThread).get());
        notes.add(
                "acquired, asked elsewhere",
                stage.elsewhere(mutex::isAcquiredInThisProcess).get());
        for (int left = 2; left >= 0; left--) {
            notes.add("owned, " + (left + 1) + " to go", mutex.isOwnedByCurrentThread());
            mutex.release();
            notes.add("free, " + left + " to go", twin.acquire(0, TimeUnit.SECONDS));
        }
        notes.add("owned", mutex.isOwnedByCurrentThread());
        notes.add("acquired", mutex.isAcquiredInThisProcess());
        notes.message("release once more", () -> mutex.release());
        twin.release();
        notes.add("time that is no time", mutex.acquire(-1, TimeUnit.SECONDS));
        mutex.release();
        notes.add("no unit", mutex.acquire(-1, null));
    }

    /** First come, first served. */
    public static void order(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        InterProcessMutex mutex = new InterProcessMutex(client, "/order");
        mutex.acquire();
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> waiting = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int number = i;
            InterProcessMutex theirs = new InterProcessMutex(i % 2 == 0 ? client : other, "/order");
            waiting.add(stage.elsewhere(() -> {
                theirs.acquire();
                order.add(number);
                theirs.release();
                return null;
            }));
            stage.awaitParticipants("/order", i + 2);
        }
        mutex.release();
        for (Future<?> each : waiting) {
            each.get(20, TimeUnit.SECONDS);
        }
        notes.add("order", order);
    }

    /** A thread that is interrupted while it waits. */
    public static void interrupt(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessMutex mutex = new InterProcessMutex(client, "/interrupt");
        mutex.acquire();
        List<Thread> waiter = Collections.synchronizedList(new ArrayList<>());
        Future<String> waiting = stage.elsewhere(() -> {
            waiter.add(Thread.currentThread());
            return Notes.outcome(() -> mutex.acquire(20, TimeUnit.SECONDS), false);
        });
        stage.awaitParticipants("/interrupt", 2);
        waiter.get(0).interrupt();
        notes.add("interrupted", waiting.get(20, TimeUnit.SECONDS));
        stage.awaitParticipants("/interrupt", 1);
        mutex.release();
        notes.add("free", mutex.acquire(0, TimeUnit.SECONDS));
    }

    /** The client is closed by somebody else. */
    public static void closing(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        InterProcessMutex mutex = new InterProcessMutex(client, "/closing");
        InterProcessMutex theirs = new InterProcessMutex(other, "/closing");
        theirs.acquire();
        InterProcessMutex held = new InterProcessMutex(client, "/held");
        held.acquire();
        Future<String> waiting = stage.elsewhere(() -> Notes.outcome(
                () -> {
                    mutex.acquire();
                    return "done";
                },
                true));
        stage.awaitParticipants("/closing", 2);
        client.close();
        notes.add("acquire", waiting.get(20, TimeUnit.SECONDS));
        notes.add("what it held is free", new InterProcessMutex(other, "/held").acquire(10, TimeUnit.SECONDS));
        notes.add("acquired", held.isAcquiredInThisProcess());
        notes.ends("release", () -> held.release());
    }

    /** The session ends while the lock is held. */
    public static void loss(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        States states = States.of(client);
        InterProcessMutex mutex = new InterProcessMutex(client, "/loss");
        InterProcessMutex theirs = new InterProcessMutex(other, "/loss");
        mutex.acquire();
        stage.connected(client, false);
        states.await(ConnectionState.LOST);
        notes.add("another has it", theirs.acquire(15, TimeUnit.SECONDS));
        notes.add("acquired, lost", mutex.isAcquiredInThisProcess());
        notes.add("owned, lost", mutex.isOwnedByCurrentThread());
        notes.outcome("again, lost", () -> mutex.acquire(0, TimeUnit.SECONDS));
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        notes.ends("release, lost", () -> mutex.release());
        notes.add("theirs", theirs.isAcquiredInThisProcess());
        theirs.release();
    }

    /** The session is in doubt, and then in order. */
    public static void suspension(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        States states = States.of(client);
        InterProcessMutex mutex = new InterProcessMutex(client, "/suspension");
        mutex.acquire();
        stage.connected(client, false);
        states.await(ConnectionState.SUSPENDED);
        notes.add("acquired", mutex.isAcquiredInThisProcess());
        notes.add("again", mutex.acquire(0, TimeUnit.SECONDS));
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        notes.add("acquired afterwards", mutex.isAcquiredInThisProcess());
        notes.ends("release", () -> mutex.release());
        notes.ends("release again", () -> mutex.release());
        notes.ends("release too often", () -> mutex.release());
    }

    /** The other mutex: not re-entrant, released by anybody. */
    public static void semaphoreMutex(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessSemaphoreMutex mutex = new InterProcessSemaphoreMutex(client, "/semaphore-mutex");
        notes.ends("release, never acquired", () -> mutex.release());
        mutex.acquire();
        notes.add("acquired", mutex.isAcquiredInThisProcess());
        notes.add("again", mutex.acquire(0, TimeUnit.SECONDS));
        notes.add("again, with time", mutex.acquire(100, TimeUnit.MILLISECONDS));
        notes.add("still acquired", mutex.isAcquiredInThisProcess());
        notes.add(
                "released elsewhere",
                stage.elsewhere(() -> {
                            mutex.release();
                            return "done";
                        })
                        .get());
        notes.add("acquired afterwards", mutex.isAcquiredInThisProcess());
        notes.ends("release, released", () -> mutex.release());
        notes.add("once more", mutex.acquire(1, TimeUnit.SECONDS));
        mutex.release();
        client.close();
        notes.ends("acquire, closed", () -> mutex.acquire());
    }
}
