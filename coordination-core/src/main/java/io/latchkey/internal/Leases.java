package io.latchkey.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What this client holds, by request. One lock guards the map and the session's id together: a grant to an id that the session
 * no longer has was not among the leases it resumed, so it must not become one.
 */
final class Leases {
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Long, AbstractLease> held = new HashMap<>();
    /** How many leases of a side of a read/write lock a thread has. */
    private final Map<Taken, Integer> sides = new HashMap<>();

    private record Taken(Thread thread, String lock, Mode.Kind kind) {}

    /** A thread that waits for a lock that it keeps from itself would wait for ever. */
    void requireNoWaitForOneself(String name, Mode mode) {
        Mode.Kind other = switch (mode.kind()) {
            case READ -> Mode.Kind.WRITE;
            case WRITE -> Mode.Kind.READ;
            case EXCLUSIVE, PERMITS -> null;
        };
        if (other != null && has(new Taken(Thread.currentThread(), name, other))) {
            throw new IllegalStateException(
                    mode.kind() == Mode.Kind.WRITE
                            ? "this thread has a read lease of " + name
                                    + " and would wait for itself; use tryUpgrade, or release it first"
                            : "this thread has the write lease of " + name
                                    + " and would wait for itself; use downgrade, or release it first");
        }
    }

    private boolean has(Taken taken) {
        lock.lock();
        try {
            return sides.containsKey(taken);
        } finally {
            lock.unlock();
        }
    }

    /**
     * The call for it returns it to its thread. Not before: a lease that is granted after its caller has given up is given back by
     * others, when they come to it, and is in nobody's way until then.
     */
    void taken(AbstractLease lease) {
        lock.lock();
        try {
            if (lease instanceof SessionLease side
                    && side.thread != null
                    && side.mode.isSideOfReadWriteLock()
                    && !side.isTaken
                    && held.get(lease.request) == lease) {
                side.isTaken = true;
                countSide(side, side.thread, 1);
            }
        } finally {
            lock.unlock();
        }
    }

    private void countSide(SessionLease side, Thread thread, int change) {
        sides.merge(
                new Taken(thread, side.lock, side.mode.kind()),
                change,
                (before, by) -> before + by == 0 ? null : before + by);
    }

    /**
     * Adds a lease that was granted to this session id. Returns null if the session is over or has another id by now. A call that
     * was sent twice is answered twice with the same grant: then the lease that is there already is returned, because to release
     * the second would release the first.
     */
    @Nullable
    AbstractLease add(SessionLease lease, @Nullable UUID grantedTo) {
        lock.lock();
        try {
            // Whoever ends the deadline looks for the leases after that: what is added under a live one is found.
            if (!lease.life().deadline.isLive() || !lease.life().id().equals(grantedTo)) {
                return null;
            }
            return addOnce(lease);
        } finally {
            lock.unlock();
        }
    }

    /** Adds a timed lease, and returns it or the one that is there already. */
    AbstractLease add(HeldTimedLease lease) {
        lock.lock();
        try {
            return addOnce(lease);
        } finally {
            lock.unlock();
        }
    }

    private AbstractLease addOnce(AbstractLease lease) {
        AbstractLease first = held.putIfAbsent(lease.request, lease);
        if (first == null) {
            return lease;
        }
        lease.closed();
        return first;
    }

    void remove(AbstractLease lease) {
        lock.lock();
        try {
            if (held.remove(lease.request, lease)
                    && lease instanceof SessionLease side
                    && side.isTaken
                    && side.thread != null) {
                countSide(side, side.thread, -1);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean has(long request) {
        lock.lock();
        try {
            return held.containsKey(request);
        } finally {
            lock.unlock();
        }
    }

    List<AbstractLease> all() {
        lock.lock();
        try {
            return new ArrayList<>(held.values());
        } finally {
            lock.unlock();
        }
    }

    /** Gives the session a new id and returns all that it has to claim with it. */
    List<AbstractLease> rename(SessionLife life, UUID newId) {
        lock.lock();
        try {
            life.renamed(newId);
            return new ArrayList<>(held.values());
        } finally {
            lock.unlock();
        }
    }
}
