package io.latchkey.curator.framework.recipes.leader;

import io.latchkey.ElectionListener;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.SessionState;
import io.latchkey.curator.Fenced;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.imps.CuratorFrameworkState;
import io.latchkey.curator.framework.state.ConnectionState;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import io.latchkey.curator.internal.SerialListeners;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One candidate of the election at a path: once it leads, it leads until it is closed or its session is lost. Candidates lead in
 * the order in which they were started. Thread-safe.
 *
 * <p>{@link #hasLeadership()} compares with a deadline each time it is called, so it is no stale yes after a pause, and it is no
 * any more before another can be elected. {@link #fencingToken()} is the term, for resources that are to refuse leaders of the
 * past.
 */
public class LeaderLatch implements Closeable, Fenced {
    private static final System.Logger LOG = System.getLogger("io.latchkey.curator");

    private final CuratorFramework client;
    private final String latchPath;
    private final String id;
    private final CloseMode closeMode;
    private final Candidates candidates;
    private final SerialListeners<LeaderLatchListener> listeners = new SerialListeners<>();
    private final ConnectionStateListener connectionListener = (unused, state) -> update();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private volatile State state = State.LATENT;
    /** Null before the first connection, and after it was closed. */
    private volatile @Nullable Candidate candidate;

    /** The term that the listeners were last told of; 0: they were told that this does not lead. */
    private long told;

    private volatile long lastTerm;

    /** A candidate and its client. */
    private record Candidate(Latchkey latchkey, LeaderElection election) {}

    /** The life of a latch. */
    public enum State {
        /** Not started. */
        LATENT,
        /** Started. */
        STARTED,
        /** Closed. */
        CLOSED
    }

    /** What listeners hear when a latch that leads is closed. */
    public enum CloseMode {
        /** Nothing. */
        SILENT,
        /** {@link LeaderLatchListener#notLeader()}. */
        NOTIFY_LEADER
    }

    /**
     * A latch that goes by its client's name and is closed silently.
     *
     * @param client the client
     * @param latchPath the path of the election
     * @throws IllegalArgumentException if it is no path
     */
    public LeaderLatch(CuratorFramework client, String latchPath) {
        this(client, latchPath, "", CloseMode.SILENT);
    }

    /**
     * A latch that is closed silently.
     *
     * @param client the client
     * @param latchPath the path of the election
     * @param id what others see of this candidate; empty: its client's name
     * @throws IllegalArgumentException if it is no path
     */
    public LeaderLatch(CuratorFramework client, String latchPath, String id) {
        this(client, latchPath, id, CloseMode.SILENT);
    }

    /**
     * A latch.
     *
     * @param client the client
     * @param latchPath the path of the election
     * @param id what others see of this candidate; empty: its client's name
     * @param closeMode what listeners hear when it is closed
     * @throws IllegalArgumentException if it is no path
     */
    public LeaderLatch(CuratorFramework client, String latchPath, String id, CloseMode closeMode) {
        this.client = Objects.requireNonNull(client, "client cannot be null");
        this.candidates = new Candidates(client, latchPath);
        this.latchPath = latchPath;
        this.id = Objects.requireNonNull(id, "id cannot be null");
        this.closeMode = Objects.requireNonNull(closeMode, "closeMode cannot be null");
    }

    /**
     * Joins the election, as soon as the client is started and connected. Returns at once.
     *
     * @throws IllegalStateException if it was started before
     */
    public void start() throws Exception {
        lock.lock();
        try {
            if (state != State.LATENT) {
                throw new IllegalStateException("Cannot be started more than once: " + latchPath);
            }
            state = State.STARTED;
        } finally {
            lock.unlock();
        }
        if (client.getState() == CuratorFrameworkState.STARTED && client.blockUntilConnected(0, TimeUnit.SECONDS)) {
            join(client.latchkey());
        } else {
            var unused = client.runSafe(this::joinWhenConnected);
        }
    }

    private void joinWhenConnected() {
        try {
            client.blockUntilConnected();
            join(client.latchkey());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, this + " could not join the election", e);
        }
    }

    private void join(Latchkey latchkey) {
        lock.lock();
        try {
            if (state != State.STARTED) {
                return;
            }
            LeaderElection election = candidates.candidate(latchkey, id);
            candidate = new Candidate(latchkey, election);
            client.getConnectionStateListenable().addListener(connectionListener);
            election.addListener(new ElectionListener() {
                @Override
                public void elected(Leadership leadership) {
                    update();
                }

                @Override
                public void resigned(long term) {
                    update();
                }

                @Override
                public void lost(long term) {
                    update();
                }
            });
            election.campaign();
        } finally {
            lock.unlock();
        }
    }

    /** Tells the listeners, and those who wait, what has changed since they were last told. */
    private void update() {
        lock.lock();
        try {
            tell(leadership().map(Leadership::term).orElse(0L));
        } finally {
            lock.unlock();
        }
        listeners.deliver();
    }

    private void tell(long term) {
        if (term == told) {
            return;
        }
        if (told != 0) {
            listeners.enqueue(LeaderLatchListener::notLeader);
        }
        if (term != 0) {
            lastTerm = term;
            listeners.enqueue(LeaderLatchListener::isLeader);
        }
        told = term;
        changed.signalAll();
    }

    private Optional<Leadership> leadership() {
        Candidate mine = candidate;
        return mine == null || state != State.STARTED || inError(mine.latchkey().state())
                ? Optional.empty()
                : mine.election().leadership();
    }

    private boolean inError(SessionState session) {
        return switch (session) {
            case CONNECTED, RECONNECTED -> false;
            case SUSPENDED -> client.getConnectionStateErrorPolicy().isErrorState(ConnectionState.SUSPENDED);
            case LOST -> true;
        };
    }

    /** Leaves the election, as the mode says that was given to the constructor. */
    @Override
    public void close() throws IOException {
        close(closeMode);
    }

    /**
     * Leaves the election. If this leads, the next one does.
     *
     * @param closeMode what listeners hear
     * @throws IllegalStateException if it was not started, or closed before
     */
    public void close(CloseMode closeMode) throws IOException {
        Objects.requireNonNull(closeMode, "closeMode cannot be null");
        Candidate mine;
        lock.lock();
        try {
            if (state != State.STARTED) {
                throw new IllegalStateException("Already closed or has not been started: " + latchPath);
            }
            state = State.CLOSED;
            mine = candidate;
            candidate = null;
            client.getConnectionStateListenable().removeListener(connectionListener);
            if (closeMode == CloseMode.SILENT) {
                listeners.clear();
            }
            tell(0);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        listeners.deliver();
        listeners.clear();
        if (mine != null) {
            mine.election().close();
        }
    }

    /**
     * Adds a listener, called on a thread of the client. If this leads, it is told at once.
     *
     * @param listener the listener
     */
    public void addListener(LeaderLatchListener listener) {
        added(listener, () -> listeners.addListener(listener));
    }

    /**
     * Adds a listener. If this leads, it is told at once.
     *
     * @param listener the listener
     * @param executor runs its calls
     */
    public void addListener(LeaderLatchListener listener, Executor executor) {
        added(listener, () -> listeners.addListener(listener, executor));
    }

    private void added(LeaderLatchListener listener, Runnable add) {
        lock.lock();
        try {
            add.run();
            if (told != 0) {
                listeners.enqueueFor(listener, LeaderLatchListener::isLeader);
            }
        } finally {
            lock.unlock();
        }
        listeners.deliver();
    }

    /**
     * Removes a listener. An event already under way still arrives.
     *
     * @param listener the listener
     */
    public void removeListener(LeaderLatchListener listener) {
        listeners.removeListener(listener);
    }

    /**
     * Waits until this leads.
     *
     * @throws InterruptedException if interrupted; it stays a candidate
     * @throws EOFException if it is not started, or closed
     */
    public void await() throws InterruptedException, EOFException {
        if (!awaitNanos(-1)) {
            throw new EOFException("closed, or not started: " + latchPath);
        }
    }

    /**
     * Waits until this leads.
     *
     * @param timeout how long at most
     * @param unit of timeout
     * @return false if the time was too short, or it is not started, or closed
     * @throws InterruptedException if interrupted; it stays a candidate
     */
    public boolean await(long timeout, TimeUnit unit) throws InterruptedException {
        return awaitNanos(Math.max(0, unit.toNanos(timeout)));
    }

    private boolean awaitNanos(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lockInterruptibly();
        try {
            while (state == State.STARTED) {
                if (hasLeadership()) {
                    return true;
                } else if (nanos < 0) {
                    changed.await();
                } else if (left <= 0) {
                    return false;
                } else {
                    left = changed.awaitNanos(left);
                }
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** What was given to the constructor. */
    public String getId() {
        return id;
    }

    /** Latent, started or closed. */
    public State getState() {
        return state;
    }

    /** Asks the database for all candidates, in the order in which they lead: the leader first. */
    public Collection<Participant> getParticipants() throws Exception {
        return candidates.participants();
    }

    /** Asks the database who leads; if nobody does, a participant without an id that is no leader. */
    public Participant getLeader() throws Exception {
        return candidates.leader();
    }

    /** Whether this leads for sure. Costs nanoseconds; ask each time. */
    public boolean hasLeadership() {
        return leadership().isPresent();
    }

    /** The path of this candidate when it last led, with its term; null if it never did. Of all leaders' the greatest is the last. */
    public @Nullable String getLastPathIsLeader() {
        long term = lastTerm;
        return term == 0 ? null : "%s/latch-%019d".formatted(latchPath, term);
    }

    @Override
    public long fencingToken() {
        return required().term();
    }

    @Override
    public void fence(Connection connection) {
        required().fence(connection);
    }

    @Override
    public void onLost(Runnable action) {
        required().onLost(action);
    }

    private Leadership required() {
        return leadership().orElseThrow(() -> new IllegalStateException("Not the leader: " + latchPath));
    }

    @Override
    public String toString() {
        return "LeaderLatch[" + latchPath + ", " + state + "]";
    }
}
