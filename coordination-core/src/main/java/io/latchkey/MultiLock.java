package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Name;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Several locks as one: all or nothing. They are taken in one order by everybody, so overlapping sets never wait for each other in a
 * circle; one round trip takes them all if they are free. Who waits for one holds those before it meanwhile. Thread-safe,
 * immutable and cheap.
 *
 * <p>All calls: {@link IllegalStateException} after the client was closed; {@link DatabaseUnavailableException} if the database
 * cannot be reached in the time there is.
 */
public final class MultiLock {
    private final Client client;
    private final List<String> names;

    MultiLock(Client client, Collection<String> names) {
        this.client = client;
        this.names = List.copyOf(new TreeSet<>(names));
        this.names.forEach(Name::checked);
        if (this.names.isEmpty()) {
            throw new IllegalArgumentException("a multi-lock has at least one name");
        }
    }

    /** The names, each once. */
    public List<String> names() {
        return names;
    }

    /**
     * Waits until all locks are this caller's, over restarts and failovers of the database if need be.
     *
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public MultiLease acquire() throws InterruptedException {
        return client.acquireAll(names);
    }

    /** Takes the locks if all of them are free and nobody waits for one. One round trip; writes nothing if one is taken. */
    public Optional<MultiLease> tryAcquire() {
        return client.tryAcquireAll(names);
    }

    /**
     * Waits for the locks for a limited time.
     *
     * @param wait how long at most for all of them together; zero or less: {@link #tryAcquire()}; there is no upper limit
     * @return empty if the time was too short; none of them is held then
     * @throws InterruptedException if interrupted while waiting; nothing is left behind
     */
    public Optional<MultiLease> tryAcquire(Duration wait) throws InterruptedException {
        return client.tryAcquireAll(names, wait);
    }

    @Override
    public String toString() {
        return "MultiLock" + names;
    }
}
