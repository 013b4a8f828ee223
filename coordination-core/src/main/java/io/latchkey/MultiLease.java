package io.latchkey;

import java.sql.Connection;
import java.time.Duration;
import java.util.List;

/** Several locks that are held as one. It is valid as long as all of them are. Thread-safe; any thread may release it. */
public interface MultiLease extends AutoCloseable {
    /** The leases, one per lock, each with a fencing token of its own. */
    List<Lease> leases();

    /**
     * The fencing token of one of the locks.
     *
     * @param lock its name
     * @throws IllegalArgumentException if it is none of them
     */
    long fencingToken(String lock);

    /** Whether every lock is held and no local deadline has passed. Costs nanoseconds per lock; ask each time. */
    boolean isValid();

    /** How long all of them are valid for sure, zero if one is not. */
    Duration remaining();

    /**
     * Registers an action for the case that one of them is lost; see {@link Lease#onLost}. It runs once, whatever else is lost.
     * The others are held until they are released.
     *
     * @param action what to do; an exception is logged
     */
    void onLost(Runnable action);

    /**
     * Joins the caller's transaction with all of them; see {@link Lease#fence}.
     *
     * @param connection a connection to the same database, in a transaction (auto-commit off)
     * @throws LeaseLostException if one of the leases is not current any more: roll back
     * @throws IllegalStateException if the connection is in auto-commit mode
     * @throws CoordinationException if the database refuses for another reason
     */
    void fence(Connection connection);

    /**
     * Gives all of them back in one round trip; see {@link Lease#release}.
     *
     * @return true the first time if all were still valid
     */
    boolean release();

    /** {@link #release()}. */
    @Override
    default void close() {
        release();
    }
}
