package io.latchkey.internal;

import io.latchkey.Leadership;
import java.sql.Connection;
import java.time.Duration;

/** The lease of the election's lock, under the names of an election. */
final class HeldLeadership implements Leadership {
    private final AbstractLease lease;

    HeldLeadership(AbstractLease lease) {
        this.lease = lease;
    }

    AbstractLease lease() {
        return lease;
    }

    @Override
    public String election() {
        return lease.lock();
    }

    @Override
    public long term() {
        return lease.fencingToken();
    }

    @Override
    public boolean isValid() {
        return lease.isValid();
    }

    @Override
    public Duration remaining() {
        return lease.remaining();
    }

    @Override
    public void onLost(Runnable action) {
        lease.onLost(action);
    }

    @Override
    public void onRevocationRequested(Runnable action) {
        lease.onRevocationRequested(action);
    }

    @Override
    public void fence(Connection connection) {
        lease.fence(connection);
    }

    @Override
    public String toString() {
        return "Leadership[" + election() + ", term " + term() + ", " + (isValid() ? "valid" : "over") + "]";
    }
}
