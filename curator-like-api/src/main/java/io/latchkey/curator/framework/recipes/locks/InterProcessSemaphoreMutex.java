package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.curator.Fenced;
import io.latchkey.curator.framework.CuratorFramework;
import java.sql.Connection;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A fair lock that is not re-entrant, and that any thread may release. As in Curator it is another lock than an
 * {@link InterProcessMutex} at the same path. Thread-safe.
 */
public class InterProcessSemaphoreMutex implements InterProcessLock, Fenced {
    private final String path;
    private final Taker taker;
    private final AtomicReference<@Nullable Lease> held = new AtomicReference<>();

    /**
     * Creates one. Does not talk to the database.
     *
     * @param client the client
     * @param path the path of the lock
     * @throws IllegalArgumentException if it is no path
     */
    public InterProcessSemaphoreMutex(CuratorFramework client, String path) {
        this.path = path;
        String name = client.lockName(InterProcessSemaphoreV2.below(path, "leases"));
        this.taker = new Taker(client, latchkey -> latchkey.lock(name));
    }

    /**
     * Waits until the lock is taken, over restarts of the database if need be.
     *
     * @throws io.latchkey.curator.framework.api.CuratorClosedException if the client is closed meanwhile
     * @throws InterruptedException if interrupted; nothing is left behind
     */
    @Override
    public void acquire() throws Exception {
        held.set(taker.take());
    }

    @Override
    public boolean acquire(long time, @Nullable TimeUnit unit) throws Exception {
        return taker.take(time, unit).map(this::took).isPresent();
    }

    private Lease took(Lease lease) {
        held.set(lease);
        return lease;
    }

    /**
     * Gives it back.
     *
     * @throws IllegalStateException if it is not acquired, or was lost
     */
    @Override
    public void release() throws Exception {
        Lease lease = required(held.getAndSet(null));
        if (!lease.release()) {
            throw taker.notHeld(new IllegalStateException(
                    "Not acquired any more: " + path, new LeaseLostException(path, lease.fencingToken(), null, null)));
        }
    }

    @Override
    public boolean isAcquiredInThisProcess() {
        Lease lease = held.get();
        return lease != null && lease.isValid();
    }

    @Override
    public long fencingToken() {
        return required(held.get()).fencingToken();
    }

    @Override
    public void fence(Connection connection) {
        required(held.get()).fence(connection);
    }

    @Override
    public void onLost(Runnable action) {
        required(held.get()).onLost(action);
    }

    private Lease required(@Nullable Lease lease) {
        if (lease == null) {
            throw new IllegalStateException("Not acquired: " + path);
        }
        return lease;
    }

    @Override
    public String toString() {
        return "InterProcessSemaphoreMutex[" + path + "]";
    }
}
