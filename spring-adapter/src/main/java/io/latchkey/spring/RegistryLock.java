package io.latchkey.spring;

import io.latchkey.CoordinationException;
import io.latchkey.DistributedLock;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import java.sql.Connection;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.CannotAcquireLockException;

/**
 * A lock that belongs to threads, made of leases that belong to nobody. Each waiting thread stands in the database's queue
 * itself: so threads of one process and those of others are served in one order, and a hand-over between two threads costs no
 * more than one between two hosts.
 *
 * <p>A lost hold stays until its thread has heard of it. It is told once by refusing: whoever leads because a second
 * {@code tryLock} succeeds must hear of the gap, although the lock may be free again.
 */
final class RegistryLock implements LatchkeyLock {
    private static final Duration NO_WAIT = Duration.ZERO;
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE);

    private enum Again {
        NOT_HELD,
        ENTERED,
        LOST
    }

    @FunctionalInterface
    private interface Attempt {
        boolean succeeds() throws InterruptedException;
    }

    private final LatchkeyLockRegistry registry;
    private final DistributedLock lock;
    private final ConcurrentHashMap<Thread, Hold> holds = new ConcurrentHashMap<>();

    RegistryLock(LatchkeyLockRegistry registry, DistributedLock lock) {
        this.registry = registry;
        this.lock = lock;
    }

    @Override
    public void lock() {
        uninterruptibly(() -> take(null));
    }

    @Override
    public void lock(Duration ttl) {
        LeaseTime time = LeaseTime.atMost(ttl);
        uninterruptibly(() -> take(time));
    }

    @Override
    public void lockInterruptibly() throws InterruptedException {
        requireNotInterrupted();
        boolean unused = take(null);
    }

    @Override
    public boolean tryLock() {
        return uninterruptibly(() -> tryTake(NO_WAIT, null));
    }

    @Override
    public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
        requireNotInterrupted();
        return tryTake(Duration.ofNanos(unit.toNanos(time)), null);
    }

    @Override
    public boolean tryLock(Duration waitTime, Duration ttl) throws InterruptedException {
        requireNotInterrupted();
        return tryTake(waitTime, LeaseTime.atMost(ttl));
    }

    private boolean take(@Nullable LeaseTime time) throws InterruptedException {
        return switch (again(time)) {
            case ENTERED -> true;
            case LOST -> throw lost();
            case NOT_HELD -> acquire(FOR_EVER, time);
        };
    }

    private boolean tryTake(Duration wait, @Nullable LeaseTime time) throws InterruptedException {
        return switch (again(time)) {
            case ENTERED -> true;
            case LOST -> false;
            case NOT_HELD -> acquire(wait, time);
        };
    }

    /** A thread that holds the lock and takes it again: look whether it still does. */
    private Again again(@Nullable LeaseTime time) {
        Hold mine = holds.get(Thread.currentThread());
        if (mine == null) {
            return Again.NOT_HELD;
        } else if (renew(mine, time)) {
            mine.enter();
            return Again.ENTERED;
        }
        return mine.isNewLoss() ? Again.LOST : Again.NOT_HELD;
    }

    private boolean acquire(Duration wait, @Nullable LeaseTime time) throws InterruptedException {
        boolean waits = wait.compareTo(NO_WAIT) > 0;
        if (!waits && isHeldHere()) {
            return false; // another thread has it for sure: no need to ask
        }
        Optional<? extends Lease> lease;
        try {
            lease = time == null ? lock.tryAcquire(wait) : lock.tryAcquireTimed(time, wait);
        } catch (CoordinationException | IllegalStateException e) {
            throw failed(e);
        }
        lease.ifPresent(granted -> hold(new Hold(this, granted, time)));
        return lease.isPresent();
    }

    private void hold(Hold hold) {
        registry.keep(hold);
        Hold lost = holds.put(Thread.currentThread(), hold);
        if (lost != null) {
            registry.drop(lost);
        }
    }

    private boolean isHeldHere() {
        return holds.values().stream().anyMatch(hold -> hold.lease.isValid());
    }

    @Override
    public void unlock() {
        Hold mine = mine();
        if (mine.leave()) {
            holds.remove(Thread.currentThread());
            registry.drop(mine);
            if (!mine.lease.release()) {
                throw lost();
            }
        }
    }

    /** Prolongs this thread's hold; see {@link LatchkeyLockRegistry#renewLock(Object, Duration)}. */
    void renew(@Nullable LeaseTime time) {
        if (!renew(mine(), time)) {
            throw new IllegalStateException("Could not renew lock for: " + name());
        }
    }

    private boolean renew(Hold hold, @Nullable LeaseTime time) {
        try {
            return hold.renew(time);
        } catch (CoordinationException e) {
            throw failed(e);
        }
    }

    @Override
    public Condition newCondition() {
        throw new UnsupportedOperationException("Conditions are not supported");
    }

    @Override
    public String name() {
        return lock.name();
    }

    @Override
    public long fencingToken() {
        return mine().lease.fencingToken();
    }

    @Override
    public boolean isValid() {
        return isValidFor(Thread.currentThread());
    }

    boolean isValidFor(Thread thread) {
        Hold hold = holds.get(thread);
        return hold != null && hold.lease.isValid();
    }

    @Override
    public void onLost(Runnable action) {
        mine().lease.onLost(action);
    }

    @Override
    public void fence(Connection connection) {
        mine().lease.fence(connection);
    }

    @Override
    public void fence() {
        registry.fence(mine().lease);
    }

    private Hold mine() {
        Hold mine = holds.get(Thread.currentThread());
        if (mine == null) {
            throw new IllegalMonitorStateException("The current thread does not own the lock '" + name() + "'");
        }
        return mine;
    }

    private ConcurrentModificationException lost() {
        return new ConcurrentModificationException("The lock '" + name()
                + "' was lost before it was given back: its time was up, or its client lost the database for too long");
    }

    private CannotAcquireLockException failed(RuntimeException e) {
        return new CannotAcquireLockException("Failed to lock '" + name() + "': " + e.getMessage(), e);
    }

    private static void requireNotInterrupted() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** An interrupt stays for the caller to see; it costs the place in the queue, and no more. */
    private static boolean uninterruptibly(Attempt attempt) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return attempt.succeeds();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public String toString() {
        return "LatchkeyLock[" + name() + (isHeldHere() ? ", held here]" : "]");
    }
}
