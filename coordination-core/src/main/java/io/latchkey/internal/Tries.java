package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Takes locks without waiting for them; and extends timed leases, which does not wait either. */
final class Tries {
    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Releaser releaser;
    /** Requests of calls under way, until their answers were heard. */
    private final Set<Long> trying = ConcurrentHashMap.newKeySet();

    Tries(Client client, CallCombiner combiner, Keeper keeper, Releaser releaser) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.releaser = releaser;
    }

    /** Several requests of one call are under way, ... */
    void begun(List<Long> requests) {
        trying.addAll(requests);
    }

    /** ... and its answer was heard. */
    void ended(List<Long> requests) {
        requests.forEach(trying::remove);
    }

    boolean isUnderWay(long request) {
        return trying.contains(request);
    }

    Optional<Lease> tryAcquire(String name, Mode mode) {
        client.requireOpen();
        long request = client.newRequest();
        trying.add(request);
        try {
            return tryAcquire(name, request, mode);
        } finally {
            trying.remove(request);
        }
    }

    private Optional<Lease> tryAcquire(String name, long request, Mode mode) {
        for (long startedAt = System.nanoTime(); ; ) {
            SessionLife life = keeper.life();
            Call call = Call.of(Call.Kind.TRY, name, request, mode);
            Reply reply = answerOrFault(call, life, request, null);
            client.permits().compare(name, mode, reply);
            if (reply.is("granted")) {
                SessionLease lease =
                        new SessionLease(client, name, reply.token(), request, life, mode, Thread.currentThread());
                if (client.leases().add(lease, call.session) != null) {
                    client.leases().taken(lease);
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
        SessionLife life = keeper.life();
        long sentAt = System.nanoTime();
        Call call = TimedCalls.acquire(
                life.id(), name, request, false, time, client.options().holder());
        Reply reply = answerOrFault(call, life, request, time);
        if (!reply.is("granted")) {
            client.events().tell(events -> events.refused(name, Duration.ofNanos(System.nanoTime() - sentAt)));
            return Optional.empty();
        }
        HeldTimedLease lease = new HeldTimedLease(
                client,
                name,
                reply.token(),
                request,
                Deadline.of(sentAt, time.atMost().toNanos()),
                time);
        client.leases().add(lease);
        client.events().tell(events -> events.acquired(name, Duration.ofNanos(System.nanoTime() - sentAt), false));
        return Optional.of(lease);
    }

    private Reply answerOrFault(Call call, SessionLife life, long request, @Nullable LeaseTime time) {
        try {
            return combiner.run(call);
        } catch (SQLException e) {
            releaser.withdraw(call.name, request, life, time); // it may have been granted
            throw client.fault(e, call.name);
        }
    }

    boolean extend(HeldTimedLease lease, LeaseTime time) {
        try {
            long until = Deadline.of(System.nanoTime(), time.atMost().toNanos());
            lease.deadline.shorten(until); // the database may take it although its answer is lost
            Reply reply = combiner.run(TimedCalls.extend(lease, time));
            if (reply.is("granted") && lease.deadline.extend(until)) {
                return true;
            }
            lease.lose();
            return false;
        } catch (SQLException e) {
            throw client.fault(e, lease.lock);
        }
    }
}
