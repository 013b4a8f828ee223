package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Takes locks. An acquisition that waits is registered before it is sent, and stays so until it has ended: its grant may arrive as
 * the answer, as a notification or with a renewal, and whichever comes first completes it. A lost session or connection only
 * means that it is sent again, with the same request.
 */
final class Acquirer {
    private static final Duration RETRY = Duration.ofMillis(100);
    private static final Duration SOON = Duration.ofMillis(5);
    private static final long FOR_EVER = Long.MAX_VALUE;
    private static final long LEAVING_MS = 50;
    private static final long FIRST_ANSWER_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Releaser releaser;
    private final ConcurrentHashMap<Long, Acquisition> waiting = new ConcurrentHashMap<>();

    Acquirer(Client client, CallCombiner combiner, Keeper keeper, Releaser releaser) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.releaser = releaser;
    }

    boolean isUnderWay(long request) {
        return waiting.containsKey(request);
    }

    boolean hasWaiters() {
        return !waiting.isEmpty();
    }

    int waiters() {
        return waiting.size();
    }

    @Nullable
    Acquisition waiter(long request) {
        return waiting.get(request);
    }

    Lease acquire(String name, Mode mode) throws InterruptedException {
        return acquire(name, null, mode, FOR_EVER).orElseThrow();
    }

    Optional<AbstractLease> tryAcquire(String name, Mode mode, Duration wait) throws InterruptedException {
        return acquire(name, null, mode, TimeUnit.NANOSECONDS.convert(wait));
    }

    Optional<AbstractLease> tryAcquireTimed(String name, LeaseTime time, Duration wait) throws InterruptedException {
        return acquire(name, time, Mode.EXCLUSIVE, TimeUnit.NANOSECONDS.convert(wait));
    }

    /** @param waitNanos {@link Long#MAX_VALUE} for no limit */
    Optional<AbstractLease> acquire(String name, @Nullable LeaseTime time, Mode mode, long waitNanos)
            throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        client.leases().requireNoWaitForOneself(name, mode);
        Acquisition acquisition = begin(name, time, mode, Thread.currentThread());
        try {
            if (waitNanos == FOR_EVER) {
                attempt(acquisition);
                return taken(acquisition.result.get());
            }
            // On another thread: a database that says nothing would keep this one beyond its time
            client.background().callback(() -> attemptHere(acquisition));
            return taken(resultWithin(waitNanos, acquisition));
        } catch (TimeoutException e) {
            CoordinationException fault = acquisition.lastFault;
            boolean queued = acquisition.wasQueued();
            boolean answered = acquisition.answered.isDone();
            leave(acquisition);
            if (fault != null && !queued) {
                throw fault;
            } else if (!answered) {
                throw client.notAnswered(name);
            }
            refused(acquisition);
            return Optional.empty();
        } catch (InterruptedException e) {
            leave(acquisition);
            throw e;
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    private Optional<AbstractLease> taken(AbstractLease lease) {
        client.leases().taken(lease);
        return Optional.of(lease);
    }

    private void attemptHere(Acquisition acquisition) {
        try {
            attempt(acquisition);
        } catch (RuntimeException e) { // for whoever waits, as if it had been thrown there
            fail(acquisition, e);
        }
    }

    /** Whatever the time, there is one attempt, as long as it is answered at all. */
    private static AbstractLease resultWithin(long nanos, Acquisition acquisition)
            throws InterruptedException, ExecutionException, TimeoutException {
        try {
            return acquisition.result.get(left(nanos, acquisition), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            acquisition.answered.get(left(FIRST_ANSWER_NANOS, acquisition), TimeUnit.NANOSECONDS);
            return acquisition.result.get(0, TimeUnit.NANOSECONDS);
        }
    }

    private static long left(long nanos, Acquisition acquisition) {
        return nanos - (System.nanoTime() - acquisition.startedAt);
    }

    /** Gives up, and waits a moment for the database to know: what is released now is not to go to somebody who has gone. */
    private void leave(Acquisition acquisition) {
        CompletableFuture<Void> left = abandon(acquisition);
        try {
            left.get(LEAVING_MS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Told as soon as the database can be reached.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    static RuntimeException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
            cause.addSuppressed(new RuntimeException("the caller was here"));
            return cause;
        }
        return new IllegalStateException(e.getCause());
    }

    CompletableFuture<Lease> acquireAsync(String name, Mode mode) {
        Acquisition acquisition = begin(name, null, mode, null);
        CompletableFuture<Lease> promise = new CompletableFuture<>();
        var unusedResult = acquisition.result.whenComplete((lease, failure) -> client.background()
                .callback(() -> {
                    if (failure != null) {
                        promise.completeExceptionally(failure);
                    } else if (!promise.complete(lease)) {
                        lease.release(); // cancelled at the same moment
                    }
                }));
        var unusedPromise = promise.whenComplete((lease, failure) -> {
            if (promise.isCancelled() || !acquisition.result.isDone()) { // not by us: orTimeout and the like
                var unusedEnd = abandon(acquisition);
            }
        });
        client.background().call(() -> attempt(acquisition));
        return promise;
    }

    private Acquisition begin(String name, @Nullable LeaseTime time, Mode mode, @Nullable Thread thread) {
        client.requireOpen();
        Acquisition acquisition = new Acquisition(name, client.newRequest(), time, mode, thread);
        register(acquisition);
        return acquisition;
    }

    private void register(Acquisition acquisition) {
        client.events().observe(acquisition);
        waiting.put(acquisition.request, acquisition);
        if (client.isClosed()) {
            fail(acquisition, closed());
        }
    }

    /** Begins an acquisition that nobody waits for, and lets this executor send it. */
    void submit(Acquisition acquisition, Executor executor) {
        register(acquisition);
        executor.execute(() -> attempt(acquisition));
    }

    /** Sends an acquisition that waits. Whatever comes of it, afterwards it is done, queued, or sent again later. */
    private void attempt(Acquisition acquisition) {
        if (acquisition.result.isDone()) {
            return;
        }
        SessionLife life = keeper.life();
        boolean again = acquisition.sent.getAndIncrement() > 0;
        try {
            long sentAt = System.nanoTime();
            Call call = acquisition.time == null
                    ? acquisition.acquireCall()
                    : TimedCalls.acquire(
                            life.id(),
                            acquisition.name,
                            acquisition.request,
                            true,
                            acquisition.time,
                            client.options().holder());
            Reply reply = combiner.run(call);
            client.permits().compare(acquisition.name, acquisition.mode, reply);
            switch (reply.outcome()) {
                case "granted" -> {
                    LeaseTime time = acquisition.time;
                    if (again && time != null) {
                        // Perhaps to an earlier call: then the lease is older than this one, and ends earlier.
                        confirm(acquisition, reply.token(), time);
                    } else {
                        granted(acquisition, reply.token(), life, call.session, sentAt);
                    }
                }
                case "queued" -> {
                    acquisition.queuedIn = call.session;
                    keeper.waiting(reply.retryMs());
                    if ((again || call.repeated)
                            && acquisition.isGranted()
                            && !client.leases().has(acquisition.request)) {
                        // Sent twice, and the first was granted and given back meanwhile. If it is still held, its
                        // notification
                        // has overtaken this answer, and there is nothing to end.
                        releaser.withdraw(acquisition, life);
                    }
                }
                default -> { // no_session: crashed or expired; the keeper finds out which, and sends it again
                    keeper.lookNow();
                    resubmitIfChanged(acquisition, call.session);
                }
            }
        } catch (SQLException e) {
            CoordinationException fault = client.fault(e, acquisition.name);
            if (fault instanceof DatabaseUnavailableException) {
                acquisition.lastFault = fault;
                client.background().callAfter(RETRY, () -> attempt(acquisition));
            } else {
                fail(acquisition, fault);
            }
        }
        acquisition.answered.complete(null);
        if (acquisition.result.isDone() && !acquisition.isGranted()) {
            releaser.withdraw(acquisition, life); // abandoned while it was under way
        }
    }

    /** The keeper may have changed the session before this answer was heard, and then does not know of it. */
    private void resubmitIfChanged(Acquisition acquisition, @Nullable UUID sentFor) {
        if (!keeper.life().id().equals(sentFor)) {
            client.background().callAfter(SOON, () -> attempt(acquisition));
        }
    }

    private void granted(Acquisition acquisition, long token, SessionLife life, @Nullable UUID session, long sentAt) {
        LeaseTime time = acquisition.time;
        if (time != null) {
            long until = Deadline.of(sentAt, time.atMost().toNanos());
            deliverTimed(acquisition, token, until, time);
            return;
        }
        AbstractLease lease = client.leases().add(acquisition.lease(client, token, life), session);
        if (lease != null) {
            deliver(acquisition, lease);
        } else { // granted to a session that is over, or to an id that it has no more
            client.background().callAfter(SOON, () -> attempt(acquisition));
        }
    }

    private void deliverTimed(Acquisition acquisition, long token, long until, LeaseTime time) {
        HeldTimedLease lease = new HeldTimedLease(client, acquisition.name, token, acquisition.request, until, time);
        deliver(acquisition, client.leases().add(lease));
    }

    private void deliver(Acquisition acquisition, AbstractLease lease) {
        waiting.remove(acquisition.request);
        lease.askedBy = acquisition.askedBy;
        if (acquisition.grant(lease)) {
            client.events()
                    .tell(events -> events.acquired(
                            acquisition.name,
                            Duration.ofNanos(System.nanoTime() - acquisition.startedAt),
                            acquisition.wasQueued()));
        } else if (!acquisition.hasGranted(lease)) {
            client.background().call(lease::release); // nobody waits for it any more
        }
    }

    /** On the keeper's thread: a release elsewhere has made this one the holder; without a token: it has to ask again. */
    void handedOver(Acquisition acquisition, long token, SessionLife life) {
        LeaseTime time = acquisition.time;
        if (token == 0) {
            client.background().call(() -> attempt(acquisition)); // asks for more than there is; to be told so
        } else if (time == null) {
            granted(acquisition, token, life, life.id(), System.nanoTime());
        } else {
            client.background().call(() -> confirm(acquisition, token, time));
        }
    }

    /** A timed lease was handed over by a commit that may not be flushed, at a time we do not know: make it durable, and ask. */
    private void confirm(Acquisition acquisition, long token, LeaseTime time) {
        try {
            long sentAt = System.nanoTime();
            Reply reply = combiner.run(TimedCalls.confirm(acquisition.name, token, acquisition.request));
            if (reply.is("granted")) {
                long leftNanos = TimeUnit.MILLISECONDS.toNanos(reply.retryMs());
                deliverTimed(acquisition, token, Deadline.of(sentAt, leftNanos), time);
            } else {
                attempt(acquisition); // over before we heard of it
            }
        } catch (SQLException e) {
            client.background().callAfter(RETRY, () -> confirm(acquisition, token, time));
        }
    }

    /** After the session has a new id: every queue has forgotten us. */
    void resubmit() {
        UUID session = keeper.life().id();
        for (Acquisition acquisition : waiting.values()) {
            if (!session.equals(acquisition.queuedIn)) {
                client.background().call(() -> attempt(acquisition));
            }
        }
    }

    /** Ends it wherever it stands, and returns at once; the future completes when the database has been told. */
    CompletableFuture<Void> abandon(Acquisition acquisition) {
        waiting.remove(acquisition.request);
        CompletableFuture<Void> told = new CompletableFuture<>();
        AbstractLease granted = acquisition.abandon();
        if (granted != null) {
            client.background().call(() -> {
                granted.release();
                told.complete(null);
            });
        } else {
            releaser.withdraw(acquisition, keeper.life(), () -> told.complete(null));
        }
        return told;
    }

    private void fail(Acquisition acquisition, RuntimeException failure) {
        waiting.remove(acquisition.request);
        acquisition.result.completeExceptionally(failure);
    }

    private void refused(Acquisition acquisition) {
        client.events()
                .tell(events ->
                        events.refused(acquisition.name, Duration.ofNanos(System.nanoTime() - acquisition.startedAt)));
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("this Latchkey client was closed while the call waited");
    }

    void close() {
        for (Acquisition acquisition : waiting.values()) {
            fail(acquisition, closed());
        }
    }
}
