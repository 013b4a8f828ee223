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
            held.remove(lease.request, lease);
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
