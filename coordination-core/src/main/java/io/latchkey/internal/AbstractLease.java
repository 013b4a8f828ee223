package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
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
    private final AtomicReference<State> state = new AtomicReference<>(State.HELD);
    private final ReentrantLock actionsLock = new ReentrantLock();
    private final List<Runnable> lostActions = new ArrayList<>(0);

    AbstractLease(Client client, String lock, long token, long request, Deadline deadline) {
        this.client = client;
        this.lock = lock;
        this.token = token;
        this.request = request;
        this.deadline = deadline;
    }

    /** Tells the database; true if somebody had it when it was told. */
    abstract boolean giveBack();

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
        if (!state.compareAndSet(State.HELD, State.RELEASED)) {
            return false;
        }
        client.forget(this);
        return giveBack() && valid;
    }

    @Override
    public final CompletionStage<Boolean> releaseAsync() {
        boolean valid = isValid();
        if (!state.compareAndSet(State.HELD, State.RELEASED)) {
            return CompletableFuture.completedFuture(false);
        }
        client.forget(this);
        CompletableFuture<Boolean> told = new CompletableFuture<>();
        client.background().call(() -> {
            boolean had = giveBack();
            client.background().callback(() -> told.complete(had && valid));
        });
        return told;
    }

    /** The client closes: not valid any more, and not lost. */
    final void closed() {
        state.compareAndSet(State.HELD, State.RELEASED);
    }

    /** It is gone before it was released. */
    final void lose() {
        List<Runnable> actions;
        actionsLock.lock();
        try {
            if (!state.compareAndSet(State.HELD, State.LOST)) {
                return;
            }
            actions = List.copyOf(lostActions);
        } finally {
            actionsLock.unlock();
        }
        client.forget(this);
        actions.forEach(client.background()::callback);
        client.events().tell(events -> events.lost(lock, token));
    }

    @Override
    public final String toString() {
        return "Lease[" + lock + ", token " + token + ", "
                + (isValid() ? "valid" : state.get() == State.HELD ? "over" : state.get()) + "]";
    }
}
