package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.LeaseTime;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A call for a lock, from its start to its end; its request is a random number that makes repeating it harmless. */
class Acquisition {
    final String name;
    final long request;
    final @Nullable LeaseTime time;
    final Mode mode;
    /** The thread that waits, or null if none does. */
    final @Nullable Thread thread;

    /** The name of the thread that asks, for people. */
    final String askedBy = Thread.currentThread().getName();

    final long startedAt = System.nanoTime();
    final CompletableFuture<AbstractLease> result = new CompletableFuture<>();

    /** Completes with the first answer or fault, whatever it says. */
    final CompletableFuture<Void> answered = new CompletableFuture<>();

    /** How often it was sent. */
    final AtomicInteger sent = new AtomicInteger();

    /** The session in whose queue it stands, or null. */
    volatile @Nullable UUID queuedIn;

    /** Why the last attempt failed, or null. */
    volatile @Nullable CoordinationException lastFault;

    Acquisition(String name, long request, @Nullable LeaseTime time, Mode mode, @Nullable Thread thread) {
        this.name = name;
        this.request = request;
        this.time = time;
        this.mode = mode;
        this.thread = thread;
    }

    /** Asks for it, and waits in the queue. */
    Call acquireCall() {
        return Call.of(Call.Kind.ACQUIRE, name, request, mode);
    }

    /** Ends it in the database, wherever it stands. */
    Call withdrawCall() {
        return Call.of(Call.Kind.WITHDRAW, name, request, Mode.EXCLUSIVE);
    }

    /** What it was granted, unless it is a timed lease. */
    SessionLease lease(Client client, long token, SessionLife life) {
        boolean others = wasQueued(); // who had to wait is seldom the last
        return new SessionLease(client, name, token, request, life, mode, thread) {
            @Override
            Call releaseCall() {
                Call call = super.releaseCall();
                call.wanted = others;
                return call;
            }
        };
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
