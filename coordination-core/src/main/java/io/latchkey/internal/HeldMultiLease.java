package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.MultiLease;
import java.sql.Connection;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Session leases under one roof. */
final class HeldMultiLease implements MultiLease {
    private final Releaser releaser;
    private final List<SessionLease> leases;

    HeldMultiLease(Releaser releaser, List<SessionLease> leases) {
        this.releaser = releaser;
        this.leases = leases;
    }

    @Override
    public List<Lease> leases() {
        return List.copyOf(leases);
    }

    @Override
    public long fencingToken(String lock) {
        for (SessionLease lease : leases) {
            if (lease.lock.equals(lock)) {
                return lease.token;
            }
        }
        throw new IllegalArgumentException("'" + lock + "' is none of these locks: " + this);
    }

    @Override
    public boolean isValid() {
        for (SessionLease lease : leases) {
            if (!lease.isValid()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Duration remaining() {
        return leases.stream()
                .map(AbstractLease::remaining)
                .min(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    @Override
    public void onLost(Runnable action) {
        AtomicBoolean told = new AtomicBoolean();
        for (SessionLease lease : leases) {
            lease.onLost(() -> {
                if (told.compareAndSet(false, true)) {
                    action.run();
                }
            });
        }
    }

    @Override
    public void fence(Connection connection) {
        leases.forEach(lease -> lease.fence(connection));
    }

    @Override
    public boolean release() {
        boolean valid = isValid();
        List<SessionLease> ended = leases.stream().filter(AbstractLease::end).toList();
        return releaser.giveBackAll(ended) && valid && ended.size() == leases.size();
    }

    @Override
    public String toString() {
        return "MultiLease" + leases;
    }
}
