package io.latchkey.curator.framework.recipes.locks;

import java.sql.Connection;

/** One permit. */
final class Permit implements Lease {
    static final String PREFIX = "lease-";

    private final io.latchkey.Lease lease;
    private final byte[] data;

    Permit(io.latchkey.Lease lease, byte[] data) {
        this.lease = lease;
        this.data = data;
    }

    @Override
    public void close() {
        lease.close();
    }

    @Override
    public byte[] getData() {
        return data.clone();
    }

    @Override
    public String getNodeName() {
        return Nodes.name(PREFIX, lease.fencingToken());
    }

    @Override
    public boolean isValid() {
        return lease.isValid();
    }

    @Override
    public long fencingToken() {
        return lease.fencingToken();
    }

    @Override
    public void fence(Connection connection) {
        lease.fence(connection);
    }

    @Override
    public void onLost(Runnable action) {
        lease.onLost(action);
    }

    @Override
    public String toString() {
        return "Lease[" + lease + "]";
    }
}
