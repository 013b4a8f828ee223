package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.LocalLease;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What all leases have in common: a state that moves once, and the deadline that decides until then. */
abstract class AbstractLease implements Lease {
    private enum State {
        HELD,
        RELEASED,
        LOST
    }

    final Client client;
    final String lock;
    final long token;
    final long request;
    final Deadline deadline;
    final long grantedAt = System.nanoTime();
    /** The name of the thread that asked for it, for people. */
    volatile String askedBy = Thread.currentThread().getName();

    private final AtomicReference<State> state = new AtomicReference<>(State.HELD);
    private final ReentrantLock actionsLock = new ReentrantLock();
    private final List<Runnable> lostActions = new ArrayList<>(0);
    private @Nullable Runnable insider;

    AbstractLease(Client client, String lock, long token, long request, Deadline deadline) {
        this.client = client;
        this.lock = lock;
        this.token = token;
        this.request = request;
        this.deadline = deadline;
    }

    /** Tells the database; true if somebody had it when it was told. */
    abstract boolean giveBack();

    /** Before it is forgotten; {@link #giveBack} follows, or another way to tell the database. */
    void beginGivingBack() {}

    @Override
    public final String lock() {
        return lock;
    }

    @Override
    public final long fencingToken() {
        return token;
    }

    @Override
    public final boolean isValid() {
        return state.get() == State.HELD && deadline.isLive();
    }

    /** Whether it was neither released nor lost, whatever its deadline says. */
    final boolean isHeld() {
        return state.get() == State.HELD;
    }

    @Override
    public final Duration remaining() {
        return isValid() ? Duration.ofNanos(deadline.remainingNanos()) : Duration.ZERO;
    }

    @Override
    public final void onLost(Runnable action) {
        actionsLock.lock();
        try {
            if (state.get() != State.LOST) {
                lostActions.add(action);
                return;
            }
        } finally {
            actionsLock.unlock();
        }
        client.background().callback(action);
    }

    @Override
    public final void onRevocationRequested(Runnable action) {
        client.onRevocationRequested(this, action);
    }

    /** For this client's own ends: something quick that runs before the others, on the thread that finds out. */
    final void whenLost(Runnable action) {
        actionsLock.lock();
        try {
            insider = action;
            if (state.get() != State.LOST) {
                return;
            }
        } finally {
            actionsLock.unlock();
        }
        action.run();
    }

    @Override
    public final void fence(Connection connection) {
        try {
            if (connection.getAutoCommit()) {
                throw new IllegalStateException(
                        "the connection is in auto-commit mode: a fence lasts as long as its transaction, so begin one");
            } else if (!isValid()) {
                throw new LeaseLostException(lock, token, null, null);
            }
            try (PreparedStatement statement = connection.prepareStatement(Sql.FENCE)) {
                statement.setString(1, lock);
                statement.setLong(2, token);
                statement.execute();
            }
        } catch (SQLException e) {
            throw Fault.is(e, Fault.LEASE_LOST)
                    ? new LeaseLostException(lock, token, e.getSQLState(), e)
                    : client.fault(e, lock);
        }
    }

    @Override
    public final boolean release() {
        boolean valid = isValid();
        return end() && giveBack() && valid;
    }

    /** As {@link #release()}, and leaves it to the caller to tell the database; false if it has ended before. */
    final boolean end() {
        boolean ended = state.compareAndSet(State.HELD, State.RELEASED);
        if (ended) {
            beginGivingBack();
            client.forget(this);
        }
        return ended;
    }

    @Override
    public final CompletionStage<Boolean> releaseAsync() {
        boolean valid = isValid();
        if (!end()) {
            return CompletableFuture.completedFuture(false);
        }
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        client.background().call(() -> {
            boolean had = giveBack();
            client.background().callback(() -> told.complete(had && valid));
        });
        return told;
    }

    /** Another lease takes its place; false if it had ended before. */
    final boolean convert() {
        boolean held = state.compareAndSet(State.HELD, State.RELEASED);
        client.forget(this);
        return held;
    }

    /** The client closes: not valid any more, and not lost. */
    final void closed() {
        state.compareAndSet(State.HELD, State.RELEASED);
    }

    /** It is gone before it was released. */
    final void lose() {
        List<Runnable> actions;
        Runnable first;
        actionsLock.lock();
        try {
            if (!state.compareAndSet(State.HELD, State.LOST)) {
                return;
            }
            actions = List.copyOf(lostActions);
            first = insider;
        } finally {
            actionsLock.unlock();
        }
        client.forget(this);
        if (first != null) {
            first.run();
        }
        actions.forEach(client.background()::callback);
        client.events().tell(events -> events.lost(lock, token));
    }

    /** What people see of it. */
    final LocalLease seen() {
        return new LocalLease(lock, token, askedBy, Duration.ofNanos(System.nanoTime() - grantedAt), remaining());
    }

    @Override
    public final String toString() {
        return "Lease[" + lock + ", token " + token + ", "
                + (isValid() ? "valid" : state.get() == State.HELD ? "over" : state.get()) + "]";
    }
}
