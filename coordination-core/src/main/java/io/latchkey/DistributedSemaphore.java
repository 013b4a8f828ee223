package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Mode;
import io.latchkey.internal.Name;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * So many permits by name, shared by all clients of a database. Fair: whoever asks first gets its permits first; a call that asks
 * for many is not passed by later ones that ask for few. Thread-safe, immutable and cheap.
 *
 * <p>How many permits there are is stored when the semaphore is first used. A client that names another number later uses what is
 * stored, and logs a warning once; {@link #setPermits} changes it. Each lease has a fencing token of its own, and
 * {@link Lease#fence} keeps its permits from others until the transaction ends. Calls that ask for more permits than there are
 * end with a {@link CoordinationException} instead of waiting for ever.
 */
public final class DistributedSemaphore implements Lockable {
    private final Client client;
    private final String name;
    private final int permits;

    DistributedSemaphore(Client client, String name, int permits) {
        this.client = client;
        this.name = Name.checked(name);
        this.permits = Mode.checkedPermits(permits);
    }

    @Override
    public String name() {
        return name;
    }

    /** So many permits as one lease, as something to take: {@code workers.of(3).acquire()}. */
    public Lockable of(int weight) {
        return new Side(client, name, Mode.permits(weight, permits));
    }

    /** Waits for one permit. */
    @Override
    public Lease acquire() throws InterruptedException {
        return acquire(1);
    }

    /**
     * Waits for so many permits, which come and go as one lease.
     *
     * @param weight how many, 1 or more
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Lease acquire(int weight) throws InterruptedException {
        return of(weight).acquire();
    }

    /** Takes one permit if there is one and nobody waits. */
    @Override
    public Optional<Lease> tryAcquire() {
        return tryAcquire(1);
    }

    /** Takes so many permits if there are as many and nobody waits. */
    public Optional<Lease> tryAcquire(int weight) {
        return of(weight).tryAcquire();
    }

    /** Waits for one permit for a limited time. */
    @Override
    public Optional<Lease> tryAcquire(Duration wait) throws InterruptedException {
        return tryAcquire(1, wait);
    }

    /**
     * Waits for so many permits for a limited time.
     *
     * @param weight how many, 1 or more
     * @param wait how long at most; zero or less: do not wait
     * @return empty if the time was too short
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Optional<Lease> tryAcquire(int weight, Duration wait) throws InterruptedException {
        return of(weight).tryAcquire(wait);
    }

    /** Joins the queue for one permit, without a thread that waits. */
    @Override
    public CompletableFuture<Lease> acquireAsync() {
        return acquireAsync(1);
    }

    /** Joins the queue for so many permits, without a thread that waits. */
    public CompletableFuture<Lease> acquireAsync(int weight) {
        return of(weight).acquireAsync();
    }

    @Override
    public boolean requestRevocation() {
        return client.requestRevocation(name, null);
    }

    @Override
    public boolean requestRevocation(long fencingToken) {
        return client.requestRevocation(name, fencingToken);
    }

    /** How many permits there are, by the database; what this client named if nobody has used the semaphore yet. */
    public int permits() {
        return client.permits(name, permits).permits();
    }

    /** How many of them nobody has, by the database, at this moment; below zero after their number was lowered. */
    public int available() {
        return client.permits(name, permits).available();
    }

    /**
     * Changes how many permits there are, for all clients and for good. More are handed to those who wait. Fewer take nothing from
     * holders and take effect as permits are given back; calls that wait for more than there are now end with a
     * {@link CoordinationException}.
     *
     * @param permits 1 to 1,000,000,000
     */
    public void setPermits(int permits) {
        client.setPermits(name, Mode.checkedPermits(permits));
    }

    @Override
    public String toString() {
        return "DistributedSemaphore[" + name + "]";
    }
}
