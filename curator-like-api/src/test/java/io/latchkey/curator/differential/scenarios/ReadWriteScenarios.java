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
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;

/** {@link InterProcessReadWriteLock}. */
public final class ReadWriteScenarios {
    private ReadWriteScenarios() {}

    /** Who goes together with whom. */
    public static void sides(Stage stage, Notes notes) throws Exception {
        InterProcessReadWriteLock mine = new InterProcessReadWriteLock(States.started(stage), "/rw");
        InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(States.started(stage), "/rw");
        mine.readLock().acquire();
        notes.add("read beside read", theirs.readLock().acquire(1, TimeUnit.SECONDS));
        theirs.readLock().release();
        notes.add("write beside read", theirs.writeLock().acquire(100, TimeUnit.MILLISECONDS));
        notes.add("read again", mine.readLock().acquire(0, TimeUnit.SECONDS));
        mine.readLock().release();
        notes.add("still read", mine.readLock().isAcquiredInThisProcess());
        mine.readLock().release();
        notes.message("read, released too often", () -> mine.readLock().release());
        mine.writeLock().acquire();
        notes.add("write again", mine.writeLock().acquire(0, TimeUnit.SECONDS));
        notes.add("read beside write", theirs.readLock().acquire(100, TimeUnit.MILLISECONDS));
        notes.add("write beside write", theirs.writeLock().acquire(100, TimeUnit.MILLISECONDS));
        notes.add(
                "read on another thread of the writer",
                stage.elsewhere(() -> mine.readLock().acquire(100, TimeUnit.MILLISECONDS))
                        .get());
        notes.message("write, released elsewhere", () -> await(stage, mine.writeLock()));
        mine.writeLock().release();
        mine.writeLock().release();
        notes.add("read after write", theirs.readLock().acquire(1, TimeUnit.SECONDS));
        notes.message("write, released too often", () -> mine.writeLock().release());
    }

    private static void await(Stage stage, InterProcessMutex lock) throws Exception {
        try {
            stage.elsewhere(() -> {
                        lock.release();
                        return null;
                    })
                    .get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw (Exception) e.getCause();
        }
    }

    /** A writer goes on as a reader. */
    public static void downgrade(Stage stage, Notes notes) throws Exception {
        InterProcessReadWriteLock mine = new InterProcessReadWriteLock(States.started(stage), "/down");
        InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(States.started(stage), "/down");
        mine.writeLock().acquire();
        mine.readLock().acquire();
        notes.add("reads", mine.readLock().isOwnedByCurrentThread());
        notes.add("theirs reads, while writing", theirs.readLock().acquire(100, TimeUnit.MILLISECONDS));
        mine.writeLock().release();
        notes.add("writes", mine.writeLock().isOwnedByCurrentThread());
        notes.add("still reads", mine.readLock().isOwnedByCurrentThread());
        notes.add("theirs reads", theirs.readLock().acquire(1, TimeUnit.SECONDS));
        notes.add(
                "theirs writes",
                new InterProcessReadWriteLock(States.started(stage), "/down")
                        .writeLock()
                        .acquire(100, TimeUnit.MILLISECONDS));
        theirs.readLock().release();
        mine.readLock().release();
        notes.add("free", theirs.writeLock().acquire(1, TimeUnit.SECONDS));
        theirs.readLock().acquire();
        theirs.readLock().release();
        notes.add("writes after reading", theirs.writeLock().isOwnedByCurrentThread());
        notes.add("and keeps others out", mine.readLock().acquire(100, TimeUnit.MILLISECONDS));
        theirs.writeLock().release();
        notes.add("free again", mine.writeLock().acquire(1, TimeUnit.SECONDS));
    }

    /** A reader never becomes a writer. */
    public static void upgrade(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessReadWriteLock lock = new InterProcessReadWriteLock(client, "/up");
        lock.readLock().acquire();
        notes.add("for a time", lock.writeLock().acquire(100, TimeUnit.MILLISECONDS));
        notes.add("still reads", lock.readLock().isOwnedByCurrentThread());
        Future<String> without = stage.elsewhere(() -> {
            lock.readLock().acquire();
            return Notes.outcome(
                    () -> {
                        lock.writeLock().acquire();
                        return "acquired";
                    },
                    false);
        });
        String outcome;
        try {
            outcome = without.get(2, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            outcome = "waits for ever";
        }
        notes.add("without a limit", outcome);
    }

    /** Readers behind a writer that waits. */
    public static void fairness(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        List<String> order = Collections.synchronizedList(new ArrayList<>());
        InterProcessReadWriteLock first = new InterProcessReadWriteLock(client, "/fair");
        first.readLock().acquire();
        List<Future<?>> waiting = new ArrayList<>();
        InterProcessReadWriteLock second = new InterProcessReadWriteLock(other, "/fair");
        waiting.add(stage.elsewhere(() -> {
            second.writeLock().acquire();
            order.add("writer");
            second.writeLock().release();
            return null;
        }));
        stage.awaitParticipants("/fair", 2);
        waiting.add(stage.elsewhere(() -> {
            first.readLock().acquire();
            order.add("reader");
            first.readLock().release();
            return null;
        }));
        stage.awaitParticipants("/fair", 3);
        notes.add("readers", first.readLock().getParticipantNodes().size());
        notes.add("writers", first.writeLock().getParticipantNodes().size());
        first.readLock().release();
        for (Future<?> each : waiting) {
            each.get(20, TimeUnit.SECONDS);
        }
        notes.add("order", order);
    }
}
