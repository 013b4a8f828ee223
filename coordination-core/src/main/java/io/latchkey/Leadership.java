package io.latchkey;

import java.sql.Connection;
import java.time.Duration;

/** One term of one leader. Thread-safe. It ends when its candidate resigns or is closed, or when it is lost. */
public interface Leadership {
    /** The name of the election. */
    String election();

    /**
     * The number of this term, higher than that of every earlier one, for ever, failovers included. It is a fencing token: a
     * resource that refuses lower numbers than it has seen is safe from leaders of the past.
     */
    long term();

    /**
     * Whether this candidate leads and its local deadline has not passed, which ends before the database can elect another. Costs
     * nanoseconds; ask each time. Never true again once false.
     */
    boolean isValid();

    /** How long it is valid for sure, zero if it is not. Prolonged again and again meanwhile. */
    Duration remaining();

    /**
     * Registers an action for the case that the leadership is lost, not resigned; see {@link Lease#onLost}.
     *
     * @param action what to do; an exception is logged
     */
    void onLost(Runnable action);

    /**
     * Registers an action for the case that somebody asks this leader to resign; see {@link Lease#onRevocationRequested}.
     *
     * @param action what to do; an exception is logged
     */
    void onRevocationRequested(Runnable action);

    /**
     * Joins the caller's transaction: from here until it ends nobody else can be elected, even if this leader resigns or is lost
     * meanwhile; see {@link Lease#fence}.
     *
     * @param connection a connection to the same database, in a transaction (auto-commit off)
     * @throws LeaseLostException if this is not the current term any more: roll back
     * @throws IllegalStateException if the connection is in auto-commit mode
     * @throws CoordinationException if the database refuses for another reason
     */
    void fence(Connection connection);
}
