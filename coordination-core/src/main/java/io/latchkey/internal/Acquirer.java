package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
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

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Releaser releaser;
    private final ConcurrentHashMap<Long, Acquisition> waiting = new ConcurrentHashMap<>();
    /** Requests of calls that do not wait, until their answers were heard. */
    private final Set<Long> trying = ConcurrentHashMap.newKeySet();

    Acquirer(Client client, CallCombiner combiner, Keeper keeper, Releaser releaser) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.releaser = releaser;
    }

    boolean hasWaiters() {
        return !waiting.isEmpty();
    }

    @Nullable
    Acquisition waiter(long request) {
        return waiting.get(request);
    }

    /** Whether a call with this request is under way. Ask before looking among the leases: a grant becomes one before it leaves here. */
    boolean isUnderWay(long request) {
        return waiting.containsKey(request) || trying.contains(request);
    }

    Lease acquire(String name, @Nullable LeaseTime time) throws InterruptedException {
        return acquire(name, time, FOR_EVER).orElseThrow();
    }

    Optional<AbstractLease> tryAcquire(String name, Duration wait, @Nullable LeaseTime time)
            throws InterruptedException {
        return acquire(name, time, TimeUnit.NANOSECONDS.convert(wait));
    }

    private Optional<AbstractLease> acquire(String name, @Nullable LeaseTime time, long waitNanos)
            throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        Acquisition acquisition = begin(name, time);
        attempt(acquisition);
        try {
            return Optional.of(
                    waitNanos == FOR_EVER
                            ? acquisition.result.get()
                            : acquisition.result.get(
                                    waitNanos - (System.nanoTime() - acquisition.startedAt), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            CoordinationException fault = acquisition.lastFault;
            boolean queued = acquisition.wasQueued();
            abandon(acquisition);
            if (fault != null && !queued) {
                throw fault;
            }
            refused(acquisition);
            return Optional.empty();
        } catch (InterruptedException e) {
            abandon(acquisition);
            throw e;
        } catch (ExecutionException e) {
            throw unwrapped(e);
        }
    }

    private static RuntimeException unwrapped(ExecutionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
            cause.addSuppressed(new RuntimeException("the caller was here"));
            return cause;
        }
        return new IllegalStateException(e.getCause());
    }

    CompletableFuture<Lease> acquireAsync(String name) {
        Acquisition acquisition = begin(name, null);
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
                abandon(acquisition);
            }
        });
        client.background().call(() -> attempt(acquisition));
        return promise;
    }

    private Acquisition begin(String name, @Nullable LeaseTime time) {
        client.requireOpen();
        Acquisition acquisition = new Acquisition(name, client.newRequest(), time);
        waiting.put(acquisition.request, acquisition);
        if (client.isClosed()) {
            fail(acquisition, closed());
        }
        return acquisition;
    }

    /** Sends an acquisition that waits. Whatever comes of it, afterwards it is done, queued, or sent again later. */
    private void attempt(Acquisition acquisition) {
        if (acquisition.result.isDone()) {
            return;
        }
        SessionLife life = keeper.life();
        try {
            long sentAt = System.nanoTime();
            Call call = acquisition.time == null
                    ? Call.of(Call.Kind.ACQUIRE, acquisition.name, acquisition.request)
                    : timedCall(acquisition.name, acquisition.request, acquisition.time, true);
            Reply reply = combiner.run(call);
            switch (reply.outcome()) {
                case "granted" -> granted(acquisition, reply.token(), life, call.session, sentAt);
                case "queued" -> {
                    acquisition.queuedIn = call.session;
                    keeper.waiting(reply.retryMs());
                    if (acquisition.isGranted() && !client.leases().has(acquisition.request)) {
                        // Sent twice, and the first was granted and given back meanwhile. If it is still held, its
                        // notification
                        // has overtaken this answer, and there is nothing to end.
                        releaser.withdraw(acquisition.name, acquisition.request, life);
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
        if (acquisition.result.isDone() && !acquisition.isGranted()) {
            releaser.withdraw(acquisition.name, acquisition.request, life); // abandoned while it was under way
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
            deliverTimed(acquisition, token, until);
            return;
        }
        AbstractLease lease = client.leases()
                .add(new SessionLease(client, acquisition.name, token, acquisition.request, life), session);
        if (lease != null) {
            deliver(acquisition, lease);
        } else { // granted to a session that is over, or to an id that it has no more
            client.background().callAfter(SOON, () -> attempt(acquisition));
        }
    }

    private void deliverTimed(Acquisition acquisition, long token, long until) {
        HeldTimedLease lease = new HeldTimedLease(client, acquisition.name, token, acquisition.request, until);
        deliver(acquisition, client.leases().add(lease));
    }

    private void deliver(Acquisition acquisition, AbstractLease lease) {
        waiting.remove(acquisition.request);
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

    /** On the keeper's thread: a release elsewhere has made this one the holder. */
    void handedOver(Acquisition acquisition, long token, SessionLife life) {
        if (acquisition.time == null) {
            granted(acquisition, token, life, life.id(), System.nanoTime());
        } else {
            client.background().call(() -> confirm(acquisition, token));
        }
    }

    /** A timed lease was handed over by a commit that may not be flushed, at a time we do not know: make it durable, and ask. */
    private void confirm(Acquisition acquisition, long token) {
        try {
            long sentAt = System.nanoTime();
            Reply reply = combiner.run(Call.alone(acquisition.name, link -> {
                var statement = link.statement(Sql.CONFIRM_TIMED);
                statement.setString(1, acquisition.name);
                statement.setLong(2, token);
                statement.setLong(3, acquisition.request);
                return Link.reply(statement, 1);
            }));
            if (reply.is("granted")) {
                deliverTimed(acquisition, token, Deadline.of(sentAt, TimeUnit.MILLISECONDS.toNanos(reply.retryMs())));
            } else {
                attempt(acquisition); // over before we heard of it
            }
        } catch (SQLException e) {
            client.background().callAfter(RETRY, () -> confirm(acquisition, token));
        }
    }

    private Call timedCall(String name, long request, LeaseTime time, boolean wait) {
        return Call.alone(name, link -> {
            var statement = link.statement(Sql.ACQUIRE_TIMED);
            statement.setObject(1, keeper.life().id());
            statement.setString(2, name);
            statement.setLong(3, request);
            statement.setBoolean(4, wait);
            statement.setLong(5, time.atMost().toMillis());
            statement.setLong(6, time.atLeast().toMillis());
            statement.setString(7, client.options().holder());
            Reply reply = Link.reply(statement, 1);
            Link.requireCertain(statement, Sql.Commit.FLUSHED);
            return reply;
        });
    }

    Optional<Lease> tryAcquire(String name) {
        client.requireOpen();
        long request = client.newRequest();
        trying.add(request);
        try {
            return tryAcquire(name, request);
        } finally {
            trying.remove(request);
        }
    }

    private Optional<Lease> tryAcquire(String name, long request) {
        for (long startedAt = System.nanoTime(); ; ) {
            SessionLife life = keeper.life();
            Call call = Call.of(Call.Kind.TRY, name, request);
            Reply reply = answerOrFault(call, life, request);
            if (reply.is("granted")) {
                SessionLease lease = new SessionLease(client, name, reply.token(), request, life);
                if (client.leases().add(lease, call.session) != null) {
                    client.events()
                            .tell(events ->
                                    events.acquired(name, Duration.ofNanos(System.nanoTime() - startedAt), false));
                    return Optional.of(lease);
                }
            } else if (!reply.is("no_session")) {
                client.events().tell(events -> events.refused(name, Duration.ofNanos(System.nanoTime() - startedAt)));
                return Optional.empty();
            }
            keeper.lookNow();
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(2));
            if (System.nanoTime() - startedAt
                    > client.options().sessionTimeout().toNanos()) {
                throw client.sessionLost(name);
            }
        }
    }

    Optional<TimedLease> tryAcquireTimed(String name, LeaseTime time) {
        client.requireOpen();
        long request = client.newRequest();
        long sentAt = System.nanoTime();
        Reply reply = answerOrFault(timedCall(name, request, time, false), keeper.life(), request);
        if (!reply.is("granted")) {
            client.events().tell(events -> events.refused(name, Duration.ofNanos(System.nanoTime() - sentAt)));
            return Optional.empty();
        }
        HeldTimedLease lease = new HeldTimedLease(
                client,
                name,
                reply.token(),
                request,
                Deadline.of(sentAt, time.atMost().toNanos()));
        client.leases().add(lease);
        client.events().tell(events -> events.acquired(name, Duration.ofNanos(System.nanoTime() - sentAt), false));
        return Optional.of(lease);
    }

    private Reply answerOrFault(Call call, SessionLife life, long request) {
        try {
            return combiner.run(call);
        } catch (SQLException e) {
            releaser.withdraw(call.name, request, life); // it may have been granted
            throw client.fault(e, call.name);
        }
    }

    boolean extend(HeldTimedLease lease, LeaseTime time) {
        try {
            long sentAt = System.nanoTime();
            Reply reply = combiner.run(Call.alone(lease.lock, link -> {
                var statement = link.statement(Sql.EXTEND_TIMED);
                statement.setString(1, lease.lock);
                statement.setLong(2, lease.token);
                statement.setLong(3, lease.request);
                statement.setLong(4, time.atMost().toMillis());
                statement.setLong(5, time.atLeast().toMillis());
                return Link.reply(statement, 1);
            }));
            if (reply.is("granted")
                    && lease.deadline.extend(Deadline.of(sentAt, time.atMost().toNanos()))) {
                return true;
            }
            lease.lose();
            return false;
        } catch (SQLException e) {
            throw client.fault(e, lease.lock);
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

    private void abandon(Acquisition acquisition) {
        waiting.remove(acquisition.request);
        AbstractLease granted = acquisition.abandon();
        if (granted != null) {
            client.background().call(granted::release);
        } else {
            releaser.withdraw(acquisition.name, acquisition.request, keeper.life());
        }
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
