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

    /** Adds a lease that was granted to this session id; false if the session has another one by now. */
    boolean add(SessionLease lease, @Nullable UUID grantedTo) {
        lock.lock();
        try {
            if (!lease.life().id().equals(grantedTo)) {
                return false;
            }
            held.put(lease.request, lease);
            return true;
        } finally {
            lock.unlock();
        }
    }

    void add(HeldTimedLease lease) {
        lock.lock();
        try {
            held.put(lease.request, lease);
        } finally {
            lock.unlock();
        }
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
