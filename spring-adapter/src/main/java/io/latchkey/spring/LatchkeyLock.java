package io.latchkey.spring;

import io.latchkey.LeaseLostException;
import java.sql.Connection;
import org.springframework.integration.support.locks.DistributedLock;

/**
 * A lock of a {@link LatchkeyLockRegistry}. It belongs to the thread that took it, which may take it again and gives it back as
 * often. What follows asks about that thread's hold, and throws {@link IllegalMonitorStateException} on any other thread.
 *
 * <p>Exceptions of the methods of {@link java.util.concurrent.locks.Lock}:
 *
 * <ul>
 *   <li>{@code unlock()}: {@link IllegalMonitorStateException} if the thread does not own it;
 *       {@link java.util.ConcurrentModificationException} if it was lost meanwhile. The thread's hold is gone in any case.
 *       An unreachable database is no error: it is told as soon as it can be
 *   <li>taking it again after it was lost: {@code tryLock} says false, {@code lock} and {@code lockInterruptibly} throw
 *       {@link java.util.ConcurrentModificationException}, once; the call after that waits for it anew
 *   <li>{@link org.springframework.dao.CannotAcquireLockException} if the database cannot be reached in the time there is, or
 *       the client is closed
 *   <li>{@code newCondition()}: {@link UnsupportedOperationException}
 * </ul>
 */
public interface LatchkeyLock extends DistributedLock {
    /** The name of the lock in the database, as {@code latchkey.locks} shows it. */
    String name();

    /** The number of this thread's grant: higher than that of every earlier one. See {@link io.latchkey.Lease#fencingToken()}. */
    long fencingToken();

    /** Whether the current thread holds the lock and its local deadline has not passed; false on other threads. No round trip. */
    boolean isValid();

    /**
     * Registers an action for the case that this hold is lost. See {@link io.latchkey.Lease#onLost}.
     *
     * @param action what to do, on a thread of the client
     */
    void onLost(Runnable action);

    /**
     * Keeps the lock from everybody else until the transaction of this connection ends. See {@link io.latchkey.Lease#fence}.
     *
     * @param connection in a transaction of the same database
     * @throws LeaseLostException if the lock is not this thread's any more: roll back
     */
    void fence(Connection connection);

    /**
     * The same in the current Spring transaction of the registry's data source.
     *
     * @throws LeaseLostException if the lock is not this thread's any more: roll back
     * @throws IllegalStateException if there is no transaction, or the registry has no data source
     */
    void fence();
}
