package io.latchkey.shedlock;

import io.latchkey.CoordinationException;
import io.latchkey.DistributedLock;
import io.latchkey.Latchkey;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.LockException;

/**
 * ShedLock's locks as timed leases of Latchkey: judged by the database's clock to the millisecond, flushed as the server is
 * configured, and each known by its own token, so that a late unlock never frees the lock of the next one. Thread-safe.
 *
 * <ul>
 *   <li>Not re-entrant, on the same thread neither. One round trip to lock, to extend, to unlock; an attempt that is refused
 *       writes nothing.
 *   <li>{@code lockAtMostFor} is 1 ms to 365 days ({@link IllegalArgumentException} otherwise) and {@code lockAtLeastFor} at most
 *       that, both in whole milliseconds. The name of a lock is 1 to 512 bytes, and is that of {@link Latchkey#lock}.
 *   <li>A database that cannot be asked is a {@link LockException} to who locks or extends, with the
 *       {@link CoordinationException} as its cause. Unlocking does not throw for its sake, which would hide the task's own
 *       exception: the client goes on telling the database until the lock has ended anyway. Unlocking late is silent.
 * </ul>
 */
public final class LatchkeyLockProvider implements ExtensibleLockProvider, AutoCloseable {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Latchkey latchkey;
    private final Options options;
    private final Set<HeldLock> held = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    LatchkeyLockProvider(Latchkey latchkey, Options options) {
        this.latchkey = latchkey;
        this.options = options;
    }

    /**
     * A provider with the defaults of {@link LatchkeyLockProviderBuilder}.
     *
     * @param latchkey stays the caller's, who closes it after the tasks have ended
     */
    public LatchkeyLockProvider(Latchkey latchkey) {
        this(latchkey, builder(latchkey).options());
    }

    /** Prepares a provider. */
    public static LatchkeyLockProviderBuilder builder(Latchkey latchkey) {
        return new LatchkeyLockProviderBuilder(latchkey);
    }

    /**
     * Takes the lock.
     *
     * @return empty if another has it, if the thread was interrupted while it waited, and after {@link #close()}
     * @throws LockException if the database cannot be asked; then nothing is locked
     */
    @Override
    public Optional<SimpleLock> lock(LockConfiguration configuration) {
        return take(configuration).map(SimpleLock.class::cast);
    }

    Optional<LeasedLock> take(LockConfiguration configuration) {
        if (closed) {
            return Optional.empty();
        }
        LeaseTime time = Options.leaseTime(
                configuration.getName(), configuration.getLockAtMostFor(), configuration.getLockAtLeastFor());
        DistributedLock lock = latchkey.lock(configuration.getName());
        try {
            return acquire(lock, time, options.waitAtMostFor().apply(configuration))
                    .flatMap(this::hold);
        } catch (CoordinationException e) {
            throw new LockException("The lock '" + lock.name() + "' was not taken: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } catch (IllegalStateException e) {
            if (closed) { // and so is the client, under a call that waited
                return Optional.empty();
            }
            throw e;
        }
    }

    private static Optional<TimedLease> acquire(DistributedLock lock, LeaseTime time, Duration wait)
            throws InterruptedException {
        return wait.isNegative() || wait.isZero() ? lock.tryAcquireTimed(time) : lock.tryAcquireTimed(time, wait);
    }

    private Optional<LeasedLock> hold(TimedLease lease) {
        HeldLock lock = new HeldLock(lease, options.whenLost(), held::remove);
        held.add(lock);
        if (closed) { // meanwhile, and perhaps without seeing this one
            lock.withdraw();
            return Optional.empty();
        }
        LocksOfThread.add(lock);
        lock.watch();
        if (options.keepAlive()) {
            lease.keepAlive();
        }
        return Optional.of(new LeasedLock(lock));
    }

    boolean keepsAlive() {
        return options.keepAlive();
    }

    /**
     * Takes no lock from here on: who asks is told that it is held. What happens to the locks that are held,
     * {@link LatchkeyLockProviderBuilder#releaseOnClose} decides. A second call does nothing.
     */
    @Override
    public void close() {
        Duration patience = options.closePatience();
        boolean first = !closed;
        closed = true;
        if (!first || patience == null) {
            return;
        }
        held.forEach(lock -> lock.lost("its provider is closed"));
        awaitUnlocked(patience);
        held.forEach(HeldLock::release);
    }

    private void awaitUnlocked(Duration patience) {
        long start = System.nanoTime();
        long nanos = TimeUnit.NANOSECONDS.convert(patience);
        while (!held.isEmpty()
                && System.nanoTime() - start < nanos
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(this, LOOK_NANOS);
        }
    }

    @Override
    public String toString() {
        return "LatchkeyLockProvider[" + latchkey.holder() + "]";
    }
}
