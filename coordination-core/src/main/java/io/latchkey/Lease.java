package io.latchkey;

import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * A lock that is held, until it is released, its time is up or its session ends. Thread-safe; any thread may release it.
 *
 * <p>The client counts its deadline with {@link System#nanoTime()} from before it asked the database, and stops a margin
 * earlier (a tenth, at most 500 ms). So a lease is invalid here before the database can give the lock to anyone else, as long
 * as the two clocks run at the same rate to within that margin.
 */
public interface Lease extends AutoCloseable {
    /** The name of the lock. */
    String lock();

    /**
     * The number of this grant. It is higher than that of every earlier grant of this lock, for ever, failovers included: a
     * resource that refuses lower numbers than it has seen is safe from holders that were paused.
     */
    long fencingToken();

    /** Whether the lease is held and its local deadline has not passed. Costs nanoseconds; ask each time. Never true again once false. */
    boolean isValid();

    /** How long the lease is valid for sure, zero if it is not. A session lease is prolonged again and again meanwhile. */
    Duration remaining();

    /**
     * Registers an action for the case that the lease is lost: its deadline passes or the database ends it before it was
     * released. It runs once, on a thread of the client, before the database can give the lock to anyone else; at once if the
     * lease is lost already. Releasing and closing the client are no loss.
     *
     * @param action what to do; an exception is logged
     */
    void onLost(Runnable action);

    /**
     * Registers an action for the case that somebody asks for this lock, with {@link Lockable#requestRevocation()}. Whether
     * and when to give it up is up to the holder. It runs once, on a thread of the client; at once if the lock was asked for since
     * the first registration. Tells the database, or does so as soon as it can be reached.
     *
     * @param action what to do; an exception is logged
     */
    void onRevocationRequested(Runnable action);

    /**
     * Joins the caller's transaction: from here until it ends nobody else can be granted the lock, even if this lease is
     * released or expires meanwhile; a reader keeps writers out, and permits of a semaphore stay in use. What the transaction
     * writes is safe from any pause, partition or failover. Do not undo it with a savepoint.
     *
     * @param connection a connection to the same database, in a transaction (auto-commit off)
     * @throws LeaseLostException if the lease is not current any more: roll back
     * @throws IllegalStateException if the connection is in auto-commit mode, where the fence would end at once
     * @throws CoordinationException if the database refuses for another reason
     */
    void fence(Connection connection);

    /**
     * Gives the lock back, to the first that waits for it. Never throws for the database's sake: if it cannot be reached, the
     * client goes on trying for as long as its session lives.
     *
     * @return true the first time if the lease was still valid; false if it was released before, or lost
     */
    boolean release();

    /** Like {@link #release()}, without waiting for the database; the stage completes when it has been told. */
    CompletionStage<Boolean> releaseAsync();

    /** {@link #release()}. */
    @Override
    default void close() {
        release();
    }
}
