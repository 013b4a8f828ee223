package io.latchkey.curator.framework.recipes.leader;

import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.curator.Fenced;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import java.io.Closeable;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * Leads by turns: calls {@link LeaderSelectorListener#takeLeadership} when it is this instance's turn, which ends when that
 * returns. Thread-safe.
 *
 * <p>{@link #hasLeadership()} says no from the moment at which the leadership is lost, also while {@code takeLeadership} still
 * runs.
 */
public class LeaderSelector implements Closeable, Fenced {
    private static final System.Logger LOG = System.getLogger("io.latchkey.curator");

    private final CuratorFramework client;
    private final String leaderPath;
    private final LeaderSelectorListener listener;
    private final Executor executor;
    private final @Nullable ExecutorService owned;
    private final Candidates candidates;
    private final ConnectionStateListener connectionListener;

    private State state = State.LATENT;
    private @Nullable FutureTask<@Nullable Void> task;
    /** The thread that runs the task, while it does. */
    private @Nullable Thread runner;

    private volatile boolean autoRequeue;
    private volatile String id = "";
    private volatile @Nullable Leadership leadership;

    private enum State {
        LATENT,
        STARTED,
        CLOSED
    }

    /**
     * A selector with a thread of its own.
     *
     * @param client the client
     * @param leaderPath the path of the election
     * @param listener leads
     * @throws IllegalArgumentException if it is no path
     */
    public LeaderSelector(CuratorFramework client, String leaderPath, LeaderSelectorListener listener) {
        this(client, leaderPath, listener, Executors.newSingleThreadExecutor(LeaderSelector::thread));
    }

    /**
     * A selector that runs on somebody's executor.
     *
     * @param client the client
     * @param leaderPath the path of the election
     * @param threadFactory not used, as in Curator
     * @param executor runs what waits and leads
     * @param listener leads
     * @throws IllegalArgumentException if it is no path
     * @deprecated use the constructor without a factory
     */
    @Deprecated
    public LeaderSelector(
            CuratorFramework client,
            String leaderPath,
            ThreadFactory threadFactory,
            Executor executor,
            LeaderSelectorListener listener) {
        this(client, leaderPath, listener, executor, null);
    }

    /**
     * A selector that runs on somebody's executor, which is not shut down with it.
     *
     * @param client the client
     * @param leaderPath the path of the election
     * @param executorService runs what waits and leads
     * @param listener leads
     * @throws IllegalArgumentException if it is no path
     */
    public LeaderSelector(
            CuratorFramework client,
            String leaderPath,
            ExecutorService executorService,
            LeaderSelectorListener listener) {
        this(client, leaderPath, listener, executorService, null);
    }

    private LeaderSelector(
            CuratorFramework client, String leaderPath, LeaderSelectorListener listener, ExecutorService owned) {
        this(client, leaderPath, listener, owned, owned);
    }

    private LeaderSelector(
            CuratorFramework client,
            String leaderPath,
            LeaderSelectorListener listener,
            Executor executor,
            @Nullable ExecutorService owned) {
        this.client = Objects.requireNonNull(client, "client cannot be null");
        this.candidates = new Candidates(client, leaderPath);
        this.leaderPath = leaderPath;
        this.listener = Objects.requireNonNull(listener, "listener cannot be null");
        this.executor = executor;
        this.owned = owned;
        this.connectionListener = (unused, newState) -> {
            try {
                listener.stateChanged(client, newState);
            } catch (CancelLeadershipException e) {
                cancel();
            }
        };
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "LeaderSelector");
        thread.setDaemon(true);
        return thread;
    }

    /** Lets it join again by itself each time its leadership has ended. Call it before {@link #start()}. */
    public void autoRequeue() {
        autoRequeue = true;
    }

    /**
     * Sets what others see of this candidate. Takes effect when it joins next.
     *
     * @param id empty: its client's name
     */
    public void setId(String id) {
        this.id = Objects.requireNonNull(id, "id cannot be null");
    }

    /** See {@link #setId}. */
    public String getId() {
        return id;
    }

    /**
     * Joins the election. Returns at once.
     *
     * @throws IllegalStateException if it was started before
     */
    public void start() {
        synchronized (this) {
            if (state != State.LATENT) {
                throw new IllegalStateException("Cannot be started more than once: " + leaderPath);
            }
            state = State.STARTED;
        }
        client.getConnectionStateListenable().addListener(connectionListener);
        requeue();
    }

    /**
     * Joins again after its leadership has ended.
     *
     * @return false if it has joined already
     * @throws IllegalStateException if it is not started, or closed
     */
    public boolean requeue() {
        FutureTask<@Nullable Void> next;
        synchronized (this) {
            if (state != State.STARTED) {
                throw new IllegalStateException("close() has already been called, or start() has not: " + leaderPath);
            } else if (task != null) {
                return false;
            }
            next = new FutureTask<>(this::work, null);
            task = next;
        }
        executor.execute(next);
        return true;
    }

    private void work() {
        begun(Thread.currentThread());
        try {
            LeaderElection candidate = candidates.candidate(client.latchkey(), id);
            try (candidate) {
                candidate.campaign();
                Leadership mine = candidate.await();
                mine.onLost(candidate::close); // this turn is over; the next one is another candidate
                leadership = mine;
                lead();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IllegalStateException e) {
            LOG.log(client.isStarted() ? Level.WARNING : Level.DEBUG, this + " does not lead", e);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, this + " could not lead", e);
        } finally {
            done();
        }
    }

    private void lead() throws InterruptedException {
        try {
            listener.takeLeadership(client);
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            LOG.log(Level.ERROR, "the leader of " + leaderPath + " failed, and gives the leadership up", e);
        } finally {
            leadership = null;
        }
    }

    private synchronized void begun(Thread thread) {
        runner = thread;
    }

    private void done() {
        boolean again;
        synchronized (this) {
            runner = null;
            task = null;
            again = autoRequeue && state == State.STARTED;
        }
        if (again) {
            var unused = Thread.interrupted(); // it was for the turn that is over
            requeue();
        }
    }

    private synchronized void cancel() {
        if (runner != null) {
            runner.interrupt();
        }
    }

    /**
     * Leaves the election. If this leads, the thread that does is interrupted.
     *
     * @throws IllegalStateException if it was not started, or closed before
     */
    @Override
    public synchronized void close() {
        if (state != State.STARTED) {
            throw new IllegalStateException("Already closed or has not been started: " + leaderPath);
        }
        state = State.CLOSED;
        client.getConnectionStateListenable().removeListener(connectionListener);
        if (task != null) {
            task.cancel(true);
            task = null;
        }
        if (owned != null) {
            owned.shutdown();
        }
    }

    /** Asks the database for all candidates, in the order in which they lead: the leader first. */
    public Collection<Participant> getParticipants() throws Exception {
        return candidates.participants();
    }

    /** Asks the database who leads; if nobody does, a participant without an id that is no leader. */
    public Participant getLeader() throws Exception {
        return candidates.leader();
    }

    /** Whether this leads for sure: {@code takeLeadership} runs, and the leadership is not lost. */
    public boolean hasLeadership() {
        Leadership mine = leadership;
        return mine != null && mine.isValid();
    }

    /** Interrupts the thread that leads, if this does. */
    public synchronized void interruptLeadership() {
        if (leadership != null) {
            cancel();
        }
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
        Leadership mine = leadership;
        if (mine == null) {
            throw new IllegalStateException("Not the leader: " + leaderPath);
        }
        return mine;
    }

    @Override
    public String toString() {
        return "LeaderSelector[" + leaderPath + "]";
    }
}
