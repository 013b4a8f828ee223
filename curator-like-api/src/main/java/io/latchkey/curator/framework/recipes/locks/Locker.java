package io.latchkey.curator.framework.recipes.locks;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Takes a lock for the length of a try-with-resources statement. */
public class Locker implements AutoCloseable {
    private final InterProcessLock lock;
    private final AtomicBoolean acquired = new AtomicBoolean();

    /**
     * Takes the lock, or gives up.
     *
     * @param lock the lock
     * @param timeout how long to wait at most
     * @param unit of timeout
     * @throws TimeoutException if the time was too short
     * @throws Exception if the lock cannot be taken
     */
    public Locker(InterProcessLock lock, long timeout, TimeUnit unit) throws Exception {
        this.lock = lock;
        if (!lock.acquire(timeout, unit)) {
            throw new TimeoutException(
                    "Could not acquire lock within timeout of " + unit.toMillis(timeout) + "ms: " + lock);
        }
        acquired.set(true);
    }

    /**
     * Takes the lock.
     *
     * @param lock the lock
     * @throws Exception if the lock cannot be taken
     */
    public Locker(InterProcessLock lock) throws Exception {
        this.lock = lock;
        lock.acquire();
        acquired.set(true);
    }

    /** Gives it back, the first time. */
    @Override
    public void close() throws Exception {
        if (acquired.compareAndSet(true, false)) {
            lock.release();
        }
    }
}
