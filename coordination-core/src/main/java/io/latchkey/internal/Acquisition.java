package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.LeaseTime;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call for a lock, from its start to its end; its request is a random number that makes repeating it harmless. */
final class Acquisition {
    final String name;
    final long request;
    final @Nullable LeaseTime time;
    final long startedAt = System.nanoTime();
    final CompletableFuture<AbstractLease> result = new CompletableFuture<>();

    /** The session in whose queue it stands, or null. */
    volatile @Nullable UUID queuedIn;

    /** Why the last attempt failed, or null. */
    volatile @Nullable CoordinationException lastFault;

    Acquisition(String name, long request, @Nullable LeaseTime time) {
        this.name = name;
        this.request = request;
        this.time = time;
    }

    boolean wasQueued() {
        return queuedIn != null;
    }

    boolean isGranted() {
        return result.isDone() && !result.isCompletedExceptionally();
    }

    /** Ends it with a lease; false if it has ended already. */
    boolean grant(AbstractLease lease) {
        return result.complete(lease);
    }

    /** Whether it ended with this lease. */
    boolean hasGranted(AbstractLease lease) {
        return isGranted() && result.getNow(null) == lease;
    }

    /** Ends it without one; returns the lease if it has ended with one already. */
    @Nullable
    AbstractLease abandon() {
        result.cancel(false);
        return isGranted() ? result.getNow(null) : null;
    }
}
