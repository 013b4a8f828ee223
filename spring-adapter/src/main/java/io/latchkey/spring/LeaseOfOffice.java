package io.latchkey.spring;

import io.latchkey.Leadership;
import io.latchkey.Lease;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** A leadership as the lease that it is. It is given up by the application when it stops, not by a method that runs under it. */
record LeaseOfOffice(Leadership term) implements Lease {
    @Override
    public String lock() {
        return term.election();
    }

    @Override
    public long fencingToken() {
        return term.term();
    }

    @Override
    public boolean isValid() {
        return term.isValid();
    }

    @Override
    public Duration remaining() {
        return term.remaining();
    }

    @Override
    public void onLost(Runnable action) {
        term.onLost(action);
    }

    @Override
    public void onRevocationRequested(Runnable action) {
        term.onRevocationRequested(action);
    }

    @Override
    public void fence(Connection connection) {
        term.fence(connection);
    }

    @Override
    public boolean release() {
        throw notHere();
    }

    @Override
    public CompletionStage<Boolean> releaseAsync() {
        throw notHere();
    }

    private IllegalStateException notHere() {
        return new IllegalStateException("a @LeaderOnly method cannot give the leadership of '" + lock()
                + "' up: the application leads until it stops, or loses it");
    }
}
