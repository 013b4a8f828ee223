package io.latchkey.spring;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.support.locks.DistributedLock;
import org.springframework.integration.support.locks.ExpirableLockRegistry;
import org.springframework.integration.support.locks.RenewableLockRegistry;
import org.springframework.util.Assert;

/**
 * Locks for Spring Integration, in the place of {@code JdbcLockRegistry}: re-entrant per thread, fair across threads, processes
 * and hosts, and handed over within a millisecond instead of being polled for. Thread-safe. It costs nothing to have many:
 * they share the client's connections.
 *
 * <p>A lock is held until it is given back or its client has lost the database for longer than its session timeout: the client
 * renews by itself. A lock that is taken with a time to live ends then, unless {@link #renewLock} prolongs it.
 */
public final class LatchkeyLockRegistry
        implements RenewableLockRegistry<DistributedLock>, ExpirableLockRegistry<DistributedLock> {
    private final Latchkey latchkey;
    private final LockNames names;
    private final TransactionFence transactions;
    private final WeakValues<RegistryLock> locks = new WeakValues<>();
    private final Set<Hold> holds = ConcurrentHashMap.newKeySet();

    /** A registry whose keys are the names of the locks, without {@link LatchkeyLock#fence() fences in Spring's transactions}. */
    public LatchkeyLockRegistry(Latchkey latchkey) {
        this(latchkey, LockNames.plain(), null);
    }

    /**
     * Creates a registry.
     *
     * @param latchkey the client, which is not closed with the registry
     * @param names which lock a key stands for
     * @param dataSource where Spring's transactions are, for {@link LatchkeyLock#fence()}; or null
     */
    public LatchkeyLockRegistry(Latchkey latchkey, LockNames names, @Nullable DataSource dataSource) {
        this.latchkey = latchkey;
        this.names = names;
        this.transactions = new TransactionFence(dataSource);
    }

    /**
     * The lock of a key; always the same object while anybody uses or holds it.
     *
     * @param lockKey any string, number, enum constant, or serializable object; see {@link LockNames#in}
     * @throws IllegalArgumentException if the key is null, or cannot be the same in another process
     */
    @Override
    public LatchkeyLock obtain(Object lockKey) {
        return lockOf(lockKey);
    }

    private RegistryLock lockOf(Object lockKey) {
        Assert.notNull(lockKey, "a lock needs a key");
        return locks.get(names.nameOf(lockKey), name -> new RegistryLock(this, latchkey.lock(name)));
    }

    /**
     * Makes sure that the current thread still holds this lock, and prolongs one that was taken with a time to live by that time.
     *
     * @throws IllegalMonitorStateException if the current thread does not own it
     * @throws IllegalStateException if it is lost
     */
    @Override
    public void renewLock(Object lockKey) {
        lockOf(lockKey).renew(null);
    }

    /**
     * Lets a lock that was taken with a time to live last for another time from now. One that was taken without lasts as long as
     * the client anyway.
     *
     * @param ttl 1 ms to 365 days
     * @throws IllegalMonitorStateException if the current thread does not own it
     * @throws IllegalStateException if it is lost
     */
    @Override
    public void renewLock(Object lockKey, Duration ttl) {
        lockOf(lockKey).renew(LeaseTime.atMost(ttl));
    }

    /** Does nothing: there is no cache. A lock that nobody uses or holds is garbage like any other. */
    @Override
    public void expireUnusedOlderThan(long age) {}

    void keep(Hold hold) {
        holds.add(hold);
    }

    void drop(Hold hold) {
        holds.remove(hold);
    }

    void fence(Lease lease) {
        transactions.fence(lease);
    }

    @Override
    public String toString() {
        return "LatchkeyLockRegistry[" + names + ", " + holds.size() + " held]";
    }
}
