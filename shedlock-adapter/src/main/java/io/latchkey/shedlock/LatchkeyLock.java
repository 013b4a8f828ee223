package io.latchkey.shedlock;

import io.latchkey.LeaseLostException;
import java.sql.Connection;
import java.time.Duration;
import java.util.Optional;

/**
 * The lock under which a task runs, for the task itself. Thread-safe: a task may hand it on to its helpers. It stays the same
 * object when the lock is extended.
 *
 * <pre>{@code
 * @Scheduled(cron = "0 0 3 * * *")
 * @SchedulerLock(name = "billing", lockAtMostFor = "10m")
 * void bill() {
 *     transaction(connection -> {
 *         LatchkeyLock.current().fence(connection);   // refused if another instance has the lock by now
 *         writeBills(connection);
 *     });
 * }
 * }</pre>
 */
public interface LatchkeyLock {
    /**
     * The lock that this thread took last, through a {@link LatchkeyLockProvider}, and has not unlocked.
     *
     * @throws IllegalStateException if there is none
     */
    static LatchkeyLock current() {
        return find().orElseThrow(
                        () -> new IllegalStateException("no lock of a LatchkeyLockProvider is held by this thread"));
    }

    /**
     * Like {@link #current()} by name, for locks inside locks.
     *
     * @throws IllegalStateException if this thread has no lock of that name
     */
    static LatchkeyLock current(String name) {
        return LocksOfThread.newest(lock -> lock.name().equals(name))
                .orElseThrow(() -> new IllegalStateException(
                        "no lock '" + name + "' of a LatchkeyLockProvider is held by this thread"));
    }

    /** Like {@link #current()}, or empty: for code that runs with and without a lock. */
    static Optional<LatchkeyLock> find() {
        return LocksOfThread.newest(lock -> true);
    }

    /** The name of the lock. */
    String name();

    /** The number of this grant, higher than that of every earlier one; see {@link io.latchkey.Lease#fencingToken()}. */
    long fencingToken();

    /** Whether the lock is held for sure, by the local deadline. Costs nanoseconds; false for good once it is. */
    boolean isValid();

    /** How long it is held for sure if nobody extends it, zero if it is not. */
    Duration remaining();

    /**
     * Joins the caller's transaction: what it writes is safe from any pause, partition or failover. See
     * {@link io.latchkey.Lease#fence(Connection)}.
     *
     * @param connection to the same database, in a transaction (auto-commit off)
     * @throws LeaseLostException if the lock is not held any more: roll back
     * @throws IllegalStateException if the connection is in auto-commit mode
     */
    void fence(Connection connection);

    /**
     * Registers an action for the case that the lock ends while the task still runs: its time was up, it could not be extended, or
     * the provider was closed. It runs once, on another thread, before anybody else can have the lock; or at once, on the caller's
     * thread, if that has happened already. Unlocking is no loss.
     *
     * @param action what to do; an exception is logged
     */
    void onLost(Runnable action);

    /** Interrupts the thread that took the lock, if it has not unlocked it yet; else does nothing. */
    void interruptTask();
}
