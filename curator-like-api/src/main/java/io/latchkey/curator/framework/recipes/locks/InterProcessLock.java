package io.latchkey.curator.framework.recipes.locks;

import java.util.concurrent.TimeUnit;

/** A lock shared by processes. */
public interface InterProcessLock {
    /**
     * Waits until the lock is this caller's.
     *
     * @throws Exception if that fails, or the client is closed meanwhile
     */
    void acquire() throws Exception;

    /**
     * Waits for the lock for a limited time.
     *
     * @param time how long at most; zero or less: do not wait
     * @param unit of time
     * @return false if the time was too short
     * @throws Exception if that fails, or the client is closed meanwhile
     */
    boolean acquire(long time, TimeUnit unit) throws Exception;

    /**
     * Gives the lock back, once for each time it was acquired.
     *
     * @throws Exception if the lock is not the caller's, or not any more
     */
    void release() throws Exception;

    /** Whether the lock is held for sure by a thread of this JVM, through this object. */
    boolean isAcquiredInThisProcess();
}
