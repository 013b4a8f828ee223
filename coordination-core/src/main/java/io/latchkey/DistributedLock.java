package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Mode;
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
public final class DistributedLock implements Lockable {
    private final Client client;
    private final String name;

    DistributedLock(Client client, String name) {
        this.client = client;
        this.name = Name.checked(name);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Lease acquire() throws InterruptedException {
        return client.acquire(name, Mode.EXCLUSIVE);
    }

    @Override
    public Optional<Lease> tryAcquire() {
        return client.tryAcquire(name, Mode.EXCLUSIVE);
    }

    @Override
    public Optional<Lease> tryAcquire(Duration wait) throws InterruptedException {
        return client.tryAcquire(name, Mode.EXCLUSIVE, wait);
    }

    @Override
    public CompletableFuture<Lease> acquireAsync() {
        return client.acquireAsync(name, Mode.EXCLUSIVE);
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
        return client.tryAcquireTimed(name, time, wait);
    }

    @Override
    public boolean requestRevocation() {
        return client.requestRevocation(name, null);
    }

    @Override
    public boolean requestRevocation(long fencingToken) {
        return client.requestRevocation(name, fencingToken);
    }

    @Override
    public String toString() {
        return "DistributedLock[" + name + "]";
    }
}
