package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Mode;
import io.latchkey.internal.Name;
import java.util.Optional;

/**
 * A lock that many may read and one may write, by name, shared by all clients of a database. Its write side is the plain lock of
 * that name ({@link Latchkey#lock}). Fair: readers that come after a waiting writer wait behind it, so no writer starves; readers
 * that are next in line come in together. Not re-entrant. Thread-safe, immutable and cheap.
 *
 * <p>{@link Lease#fence} of a reader keeps writers out until its transaction ends, and hinders no reader.
 */
public final class DistributedReadWriteLock {
    private final Client client;
    private final String name;

    DistributedReadWriteLock(Client client, String name) {
        this.client = client;
        this.name = Name.checked(name);
    }

    /** The name. */
    public String name() {
        return name;
    }

    /**
     * The side that many have at once. A call that would wait for the calling thread's own write lease throws an
     * {@link IllegalStateException} instead: {@link #downgrade} is what it means.
     */
    public Lockable readLock() {
        return new Side(client, name, Mode.READ);
    }

    /**
     * The side that one has alone. A call that would wait for the calling thread's own read lease throws an
     * {@link IllegalStateException} instead: {@link #tryUpgrade} is what it means.
     */
    public Lockable writeLock() {
        return new Side(client, name, Mode.WRITE);
    }

    /**
     * Makes a write lease a read lease, without a moment in between in which another could write. Readers that are next in line
     * come in.
     *
     * @param write a lease of {@link #writeLock()} (or of the plain lock); it is released by this, and its {@code onLost} does not
     *     go over to the new one
     * @return the read lease, with a new fencing token
     * @throws LeaseLostException if the write lease is not valid any more
     * @throws IllegalArgumentException if it is not a write lease of this lock and client
     */
    public Lease downgrade(Lease write) {
        return client.downgrade(name, write);
    }

    /**
     * Makes a read lease the write lease if it is the only lease of this lock. Never waits, so two readers that both want to write
     * cannot dead-lock: both are refused, and stay readers. A writer that waits is passed, because it could not have the lock now.
     *
     * @param read a lease of {@link #readLock()}; if this succeeds it is released
     * @return the write lease, with a new fencing token; empty, and the read lease stays, if there are other readers, or a
     *     transaction is open that was fenced with a lease of this lock
     * @throws LeaseLostException if the read lease is not valid any more
     * @throws IllegalArgumentException if it is not a read lease of this lock and client
     */
    public Optional<Lease> tryUpgrade(Lease read) {
        return client.tryUpgrade(name, read);
    }

    @Override
    public String toString() {
        return "DistributedReadWriteLock[" + name + "]";
    }
}
