package io.latchkey;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Something that is taken and given back: a lock, one side of a read/write lock, a permit of a semaphore. Fair: whoever asks first
 * gets it first, across threads, processes and hosts. Thread-safe.
 *
 * <p>All calls: {@link IllegalStateException} after the client was closed; {@link DatabaseUnavailableException} if the database
 * cannot be reached in the time there is; {@link CoordinationException} if the name is in use for something else.
 */
public interface Lockable {
    /** The name. */
    String name();

    /**
     * Waits until it is this caller's, over restarts and failovers of the database if need be.
     *
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    Lease acquire() throws InterruptedException;

    /** Takes it if it can be had now and nobody waits. One round trip; writes nothing if it cannot. */
    Optional<Lease> tryAcquire();

    /**
     * Waits for a limited time. However short it is, there is one whole attempt, for up to half a second; a database that says
     * nothing until then is a {@link DatabaseUnavailableException}.
     *
     * @param wait how long at most; zero or less: {@link #tryAcquire()}; there is no upper limit
     * @return empty if the time was too short
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    Optional<Lease> tryAcquire(Duration wait) throws InterruptedException;

    /**
     * Joins the queue without a thread that waits. Cancelling the future leaves the queue; a lease that is granted at the same
     * moment is given back.
     */
    CompletableFuture<Lease> acquireAsync();

    /**
     * Asks whoever holds it, all of them where several share it, to give it up. It is a request: each holder decides. A holder hears
     * of it in a moment if it has registered with {@link Lease#onRevocationRequested}, or {@link Leadership#onRevocationRequested}
     * where this is an election.
     *
     * @return whether somebody holds it who listens to such requests
     */
    boolean requestRevocation();

    /**
     * The same, for one of several that share it, or not for whoever has it by now.
     *
     * @param fencingToken of the grant whose holder is asked, as {@link Lease#fencingToken()} or {@link Contender#fencingToken()} says
     */
    boolean requestRevocation(long fencingToken);
}
