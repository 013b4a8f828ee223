package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Contender;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.Lockable;
import io.latchkey.curator.Fenced;
import io.latchkey.curator.framework.CuratorFramework;
import java.sql.Connection;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A fair lock, re-entrant for the thread that holds it through this object. Thread-safe.
 *
 * <p>A holder that has lost the lock is told (see {@link #onLost}), and whatever it asks afterwards says so: the lock is not
 * acquired any more, is not entered again, and its release fails.
 */
public class InterProcessMutex implements InterProcessLock, Fenced, Revocable<InterProcessMutex> {
    private final CuratorFramework client;
    private final String path;
    private final Taker taker;
    private final ConcurrentMap<Thread, Hold> holds = new ConcurrentHashMap<>();
    private volatile @Nullable Revocation revocation;

    /**
     * Creates one. Does not talk to the database.
     *
     * @param client the client
     * @param path the path of the lock
     * @throws IllegalArgumentException if it is no path
     */
    public InterProcessMutex(CuratorFramework client, String path) {
        this(client, path, lock(client.lockName(path)));
    }

    InterProcessMutex(CuratorFramework client, String path, Function<Latchkey, Lockable> what) {
        this.client = client;
        this.path = path;
        this.taker = new Taker(client, what);
    }

    private static Function<Latchkey, Lockable> lock(String name) {
        return latchkey -> latchkey.lock(name);
    }

    /**
     * Waits until the lock is this thread's, over restarts of the database if need be.
     *
     * @throws io.latchkey.LeaseLostException if this thread held it before, has lost it and not released it yet
     * @throws io.latchkey.curator.framework.api.CuratorClosedException if the client is closed meanwhile
     * @throws InterruptedException if interrupted; nothing is left behind
     */
    @Override
    public void acquire() throws Exception {
        if (!enteredAgain()) {
            enter(taker.take());
        }
    }

    /**
     * The same for a limited time.
     *
     * @param time how long at most; zero or less: do not wait
     * @param unit of time; null: without a limit
     */
    @Override
    public boolean acquire(long time, @Nullable TimeUnit unit) throws Exception {
        return enteredAgain() || taker.take(time, unit).map(this::enter).isPresent();
    }

    private boolean enteredAgain() {
        Hold hold = hold();
        if (hold != null) {
            hold.enterAgain();
        }
        return hold != null;
    }

    /** This thread holds the lock by this lease. */
    final Hold enter(Lease lease) {
        Revocation asked = revocation;
        if (asked != null) {
            lease.onRevocationRequested(() -> asked.requested(this));
        }
        Hold hold = new Hold(path, lease);
        holds.put(Thread.currentThread(), hold);
        return hold;
    }

    /**
     * Gives it back, if this thread has not acquired it more often than released.
     *
     * @throws IllegalMonitorStateException if this thread does not hold it, or has lost it; in that case each release that is
     *     due says so, and the last one makes this object ready to be acquired again
     */
    @Override
    public void release() throws Exception {
        Hold hold = mine();
        boolean last = hold.leave();
        if (last) {
            holds.remove(Thread.currentThread());
        }
        if (!(last ? giveBack(hold) : hold.isValid())) {
            throw taker.notHeld(hold.lost());
        }
    }

    /** What becomes of the lease when its thread has released it as often as acquired; false if it was lost. */
    boolean giveBack(Hold hold) throws InterruptedException {
        return hold.lease().release();
    }

    @Override
    public boolean isAcquiredInThisProcess() {
        return holds.values().stream().anyMatch(Hold::isValid);
    }

    /** Whether the calling thread holds the lock for sure. */
    public boolean isOwnedByCurrentThread() {
        Hold hold = hold();
        return hold != null && hold.isValid();
    }

    /**
     * Asks the database who holds the lock and who waits for it.
     *
     * @return names in the order in which they get it, the holder's first: for {@link Revoker#attemptRevoke}
     */
    public Collection<String> getParticipantNodes() throws Exception {
        return participantNodes("lock-", contender -> true);
    }

    final Collection<String> participantNodes(String prefix, Predicate<Contender> which) throws InterruptedException {
        return Nodes.of(client, path, prefix, which);
    }

    @Override
    public void makeRevocable(RevocationListener<InterProcessMutex> listener) {
        makeRevocable(listener, Runnable::run);
    }

    @Override
    public void makeRevocable(RevocationListener<InterProcessMutex> listener, Executor executor) {
        revocation = new Revocation(Objects.requireNonNull(listener), Objects.requireNonNull(executor));
    }

    @Override
    public long fencingToken() {
        return mine().lease().fencingToken();
    }

    @Override
    public void fence(Connection connection) {
        mine().lease().fence(connection);
    }

    @Override
    public void onLost(Runnable action) {
        mine().onLost(action);
    }

    /** What the calling thread holds, or null. */
    final @Nullable Hold hold() {
        return holds.get(Thread.currentThread());
    }

    private Hold mine() {
        Hold hold = hold();
        if (hold == null) {
            throw new IllegalMonitorStateException("You do not own the lock: " + path);
        }
        return hold;
    }

    @Override
    public String toString() {
        return getClass().getSimpleName() + "[" + path + "]";
    }
}
