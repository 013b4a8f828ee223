package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMultiLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.Locker;

/** Several locks as one, and the lock of a try statement. */
public final class MultiLockScenarios {
    private MultiLockScenarios() {}

    /** All of them or none. */
    public static void allOrNothing(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessMultiLock both = new InterProcessMultiLock(client, List.of("/multi/a", "/multi/b"));
        InterProcessMutex a = new InterProcessMutex(client, "/multi/a");
        InterProcessMutex b = new InterProcessMutex(client, "/multi/b");
        b.acquire();
        notes.add("one is taken", both.acquire(100, TimeUnit.MILLISECONDS));
        notes.add("acquired", both.isAcquiredInThisProcess());
        notes.add("the other is free", a.acquire(1, TimeUnit.SECONDS));
        a.release();
        b.release();
        both.acquire();
        notes.add("acquired, both free", both.isAcquiredInThisProcess());
        notes.add("first", a.acquire(0, TimeUnit.SECONDS));
        notes.add("second", b.acquire(0, TimeUnit.SECONDS));
        both.release();
        notes.add("first, released", a.acquire(1, TimeUnit.SECONDS));
        notes.add("second, released", b.acquire(1, TimeUnit.SECONDS));
        notes.ends("released, not acquired", () -> both.release());
        notes.ends("no path", () -> new InterProcessMultiLock(client, List.of("/a", "b")));
    }

    /** Locks that are slow: each takes a third of a second of the half that there is. */
    public static void oneDeadline(Stage stage, Notes notes) throws Exception {
        InterProcessLock slow = new InterProcessLock() {
            @Override
            public void acquire() {}

            @Override
            public boolean acquire(long time, TimeUnit unit) throws InterruptedException {
                Thread.sleep(300);
                return unit.toMillis(time) >= 300;
            }

            @Override
            public void release() {}

            @Override
            public boolean isAcquiredInThisProcess() {
                return true;
            }
        };
        notes.add(
                "two in half a second",
                new InterProcessMultiLock(List.of(slow, slow)).acquire(500, TimeUnit.MILLISECONDS));
    }

    /** With try. */
    public static void locker(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessMutex mutex = new InterProcessMutex(client, "/locker");
        InterProcessMutex twin = new InterProcessMutex(client, "/locker");
        try (Locker locker = new Locker(mutex)) {
            notes.add("inside", mutex.isAcquiredInThisProcess());
            notes.ends("another", () -> new Locker(twin, 100, TimeUnit.MILLISECONDS));
            locker.close();
            notes.add("closed", mutex.isAcquiredInThisProcess());
        }
        try (Locker locker = new Locker(mutex, 1, TimeUnit.SECONDS)) {
            notes.add("with time", mutex.isAcquiredInThisProcess());
        }
        notes.add("outside", mutex.isAcquiredInThisProcess());
    }
}
