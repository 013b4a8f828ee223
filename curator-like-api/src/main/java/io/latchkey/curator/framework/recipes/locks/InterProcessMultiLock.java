package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.curator.framework.CuratorFramework;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Several locks as one: all or nothing. One time limit holds for all of them together. As thread-safe as the locks it is made of.
 */
public class InterProcessMultiLock implements InterProcessLock {
    private final List<InterProcessLock> locks;

    /**
     * Of an {@link InterProcessMutex} for each path. They are taken in the order of the paths' names, so two that share paths do
     * not wait for each other in a circle.
     *
     * @param client the client
     * @param paths the paths, in any order
     * @throws IllegalArgumentException if one is no path
     */
    public InterProcessMultiLock(CuratorFramework client, List<String> paths) {
        this(paths.stream()
                .sorted()
                .<InterProcessLock>map(path -> new InterProcessMutex(client, path))
                .toList());
    }

    /**
     * Of any locks, taken in this order. Whoever takes some of them elsewhere keeps to the same order.
     *
     * @param locks the locks
     */
    public InterProcessMultiLock(List<InterProcessLock> locks) {
        this.locks = List.copyOf(locks);
    }

    @Override
    public void acquire() throws Exception {
        var unused = acquire(-1, null);
    }

    /**
     * Waits for all of them. If it fails, those that were taken already are given back.
     *
     * @param time how long at most for all together
     * @param unit of time; null: without a limit
     */
    @Override
    public boolean acquire(long time, @Nullable TimeUnit unit) throws Exception {
        long startedAt = System.nanoTime();
        Deque<InterProcessLock> taken = new ArrayDeque<>();
        boolean all = false;
        try {
            for (InterProcessLock lock : locks) {
                if (unit == null) {
                    lock.acquire();
                } else if (!lock.acquire(unit.toNanos(time) - (System.nanoTime() - startedAt), TimeUnit.NANOSECONDS)) {
                    return false;
                }
                taken.push(lock);
            }
            all = true;
            return true;
        } finally {
            if (!all) {
                giveBack(taken);
            }
        }
    }

    private static void giveBack(Deque<InterProcessLock> taken) {
        for (InterProcessLock lock : taken) {
            try {
                lock.release();
            } catch (Exception e) {
                System.getLogger("io.latchkey.curator")
                        .log(System.Logger.Level.DEBUG, "a lock that was taken was lost before it was given back", e);
            }
        }
    }

    /**
     * Gives all of them back, the last one first.
     *
     * @throws Exception what the first of them threw that could not be given back, with those of the others suppressed
     */
    @Override
    public void release() throws Exception {
        Exception first = null;
        for (int i = locks.size() - 1; i >= 0; i--) {
            try {
                locks.get(i).release();
            } catch (Exception e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /** Whether all of them are. */
    @Override
    public boolean isAcquiredInThisProcess() {
        return locks.stream().allMatch(InterProcessLock::isAcquiredInThisProcess);
    }

    @Override
    public String toString() {
        return "InterProcessMultiLock" + locks;
    }
}
