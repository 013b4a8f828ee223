package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Name;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A lock by name, shared by all clients of a database. Fair: whoever asks first gets it first, across threads, processes and
 * hosts. Not re-entrant: a lease belongs to nobody but its owner, and a second call waits like any other. Thread-safe,
 * immutable and cheap; get a new one whenever you like.
 *
 * <p>All calls: {@link IllegalStateException} after the client was closed; {@link DatabaseUnavailableException} if the database
 * cannot be reached in the time there is.
 */
public final class DistributedLock {
    private final Client client;
    private final String name;

    DistributedLock(Client client, String name) {
        this.client = client;
        this.name = Name.checked(name);
    }

    /** The name. */
    public String name() {
        return name;
    }

    /**
     * Waits until the lock is this caller's, over restarts and failovers of the database if need be.
     *
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Lease acquire() throws InterruptedException {
        return client.acquire(name, null);
    }

    /** Takes the lock if it is free and nobody waits for it. One round trip; writes nothing if it is not. */
    public Optional<Lease> tryAcquire() {
        return client.tryAcquire(name);
    }

    /**
     * Waits for the lock for a limited time.
     *
     * @param wait how long at most; zero or less: {@link #tryAcquire()}; there is no upper limit
     * @return empty if the time was too short
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Optional<Lease> tryAcquire(Duration wait) throws InterruptedException {
        return client.tryAcquire(name, wait, null).map(lease -> lease);
    }

    /**
     * Joins the queue without a thread that waits. Cancelling the future leaves the queue; a lease that is granted at the same
     * moment is given back.
     */
    public CompletableFuture<Lease> acquireAsync() {
        return client.acquireAsync(name);
    }

    /**
     * Takes a timed lease if the lock is free.
     *
     * @param time how long it lasts
     */
    public Optional<TimedLease> tryAcquireTimed(LeaseTime time) {
        return client.tryAcquireTimed(name, time);
    }

    /**
     * Waits for a timed lease.
     *
     * @param time how long it lasts, from when it is granted
     * @param wait how long to wait at most; zero or less: do not wait
     * @return empty if the time to wait was too short
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Optional<TimedLease> tryAcquireTimed(LeaseTime time, Duration wait) throws InterruptedException {
        return client.tryAcquire(name, wait, time).map(TimedLease.class::cast);
    }

    @Override
    public String toString() {
        return "DistributedLock[" + name + "]";
    }
}
