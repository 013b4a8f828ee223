package io.latchkey.internal;

import io.latchkey.LeaseTime;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives things back. What cannot be told to the database now is told later, for as long as it matters: as long as the session
 * lives that holds it.
 */
final class Releaser {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final Duration RETRY = Duration.ofMillis(200);
    private static final long MAX_SETTLE_MS = 100;
    private static final Duration FIRST_REPETITION = Duration.ofSeconds(1);
    private static final Duration LAST_REPETITION = Duration.ofSeconds(32);

    /** The requests of session leases that are not listed any more, and that the database perhaps still lists. */
    private final Set<Long> givingBack = ConcurrentHashMap.newKeySet();

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;

    Releaser(Client client, CallCombiner combiner, Keeper keeper) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
    }

    /** Whether this call was the end of a lease that the database still knew. */
    boolean giveBack(SessionLease lease) {
        boolean later = false;
        try {
            return !client.isClosed() && lease.life().deadline.isLive() && released(lease, release(lease));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "a release is told later", e);
            later = true;
            client.background().callAfter(RETRY, () -> giveBack(lease));
            return true;
        } finally {
            if (!later) {
                givingBack.remove(lease.request);
            }
        }
    }

    void begin(long request) {
        givingBack.add(request);
    }

    /** Whether it is being released: then the database may still list it, and the release is to find it. */
    boolean isUnderWay(long request) {
        return givingBack.contains(request);
    }

    /** What there is to do after a release; returns whether the database still knew the lease. */
    private boolean released(AbstractLease lease, Reply reply) {
        if (reply.is("fenced") || reply.is("grace")) {
            settleAfter(lease.lock, 2);
        }
        client.events()
                .tell(events -> events.released(
                        lease.lock, Duration.ofNanos(System.nanoTime() - lease.grantedAt), reply.is("handed_over")));
        return !reply.is("not_held");
    }

    /** Many in one round trip; true if the database still knew them all. */
    boolean giveBackAll(List<SessionLease> leases) {
        if (client.isClosed() || leases.isEmpty()) {
            return false;
        }
        List<Call> calls = leases.stream().map(SessionLease::releaseCall).toList();
        try {
            combiner.run(Call.inSession("", (link, session, commit) -> {
                link.send(calls, session, commit);
                if (commit == Sql.Commit.FLUSHED) {
                    link.wakeThoseHandedOverTo(calls);
                }
                return Reply.of("released");
            }));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "releases are told later", e);
            leases.forEach(lease -> client.background().callAfter(RETRY, () -> giveBack(lease)));
            return true;
        }
        boolean all = true;
        for (int i = 0; i < calls.size(); i++) {
            Reply reply = calls.get(i).reply;
            // Not held under this id of the session, or given back by a try whose answer was lost: alone, it finds out
            // which.
            all &= (reply == null || reply.is("not_held")) ? giveBack(leases.get(i)) : released(leases.get(i), reply);
            givingBack.remove(leases.get(i).request);
        }
        return all;
    }

    /** A session that was given a new id meanwhile does not find what it holds under the old one. */
    private Reply release(SessionLease lease) throws SQLException {
        while (true) {
            Call call = lease.releaseCall();
            Reply reply = combiner.run(call);
            if (!reply.is("not_held")) {
                return reply;
            } else if (keeper.life().id().equals(call.session)) {
                return call.repeated ? Reply.of("released") : reply; // most likely by the first try
            }
        }
    }

    /** The lock was given back, and a fenced transaction or the grace period keeps the next from getting it: try again for them. */
    void settleAfter(String name, long delayMs) {
        client.background().callAfter(Duration.ofMillis(delayMs), () -> {
            if (client.isClosed()) {
                return;
            }
            try {
                Reply reply = combiner.run(Call.alone(name, link -> {
                    var statement = link.statement(Sql.SETTLE);
                    statement.setString(1, name);
                    try (var row = statement.executeQuery()) {
                        row.next();
                        return Reply.of(row.getString(2));
                    }
                }));
                if (reply.is("fenced") || reply.is("grace") || reply.is("busy")) {
                    settleAfter(name, Math.min(MAX_SETTLE_MS, delayMs * 2));
                }
            } catch (SQLException e) {
                LOG.log(Level.DEBUG, "the waiters' renewals settle it", e);
            }
        });
    }

    void withdraw(String name, long request, SessionLife life) {
        withdraw(name, request, life, (LeaseTime) null);
    }

    /** Ends an acquisition wherever it stands in the database. Returns at once. */
    void withdraw(Acquisition acquisition, SessionLife life) {
        withdraw(acquisition, life, () -> {});
    }

    /** The same, and says when the database knows, or need not know any more. */
    void withdraw(Acquisition acquisition, SessionLife life, Runnable told) {
        withdraw(acquisition::withdrawCall, life, lastingFor(acquisition.time), told);
        if (acquisition.lastFault != null) {
            withdrawAgain(acquisition::withdrawCall, life, lastingFor(acquisition.time), FIRST_REPETITION);
        }
    }

    /** The same; told for as long as the session lives, and what may have become a timed lease for as long as that could last. */
    void withdraw(String name, long request, SessionLife life, @Nullable LeaseTime time) {
        withdraw(() -> withdrawal(name, request), life, lastingFor(time), () -> {});
        withdrawAgain(() -> withdrawal(name, request), life, lastingFor(time), FIRST_REPETITION);
    }

    /**
     * A commit that still waits, for a standby perhaps, is not to be seen by the withdrawal and takes effect later. The session's own
     * are found by its audit; a timed lease would stay until its end. So for a minute it is withdrawn now and then.
     */
    private void withdrawAgain(Supplier<Call> withdrawal, SessionLife life, Deadline lease, Duration delay) {
        if (!lease.isLive()) {
            return;
        }
        client.background().callAfter(delay, () -> {
            if (!client.isClosed()) {
                withdraw(withdrawal, life, lease, () -> {});
                if (delay.compareTo(LAST_REPETITION) < 0) {
                    withdrawAgain(withdrawal, life, lease, delay.multipliedBy(2));
                }
            }
        });
    }

    private static Deadline lastingFor(@Nullable LeaseTime time) {
        long now = System.nanoTime();
        return new Deadline(time == null ? now : now + time.atMost().toNanos());
    }

    private static Call withdrawal(String name, long request) {
        return Call.of(Call.Kind.WITHDRAW, name, request, Mode.EXCLUSIVE);
    }

    private void withdraw(Supplier<Call> withdrawal, SessionLife life, Deadline lease, Runnable told) {
        client.background().call(() -> {
            boolean sessionLives = life.deadline.isLive();
            if (client.isClosed() || !(sessionLives || lease.isLive())) {
                told.run();
                return;
            }
            try {
                Call call = withdrawal.get();
                combiner.run(call);
                if (sessionLives && !life.id().equals(call.session)) {
                    withdraw(withdrawal, life, lease, told);
                } else {
                    told.run();
                }
            } catch (SQLException e) {
                client.background().callAfter(RETRY, () -> withdraw(withdrawal, life, lease, told));
            }
        });
    }

    /** Gives a timed lease back without its least time; later if the database cannot be told now. */
    void withdraw(HeldTimedLease lease) {
        try {
            Reply reply = combiner.run(withdrawal(lease.lock, lease.request));
            if (reply.is("fenced") || reply.is("grace")) {
                settleAfter(lease.lock, 2);
            }
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "a lease is withdrawn later", e);
            withdraw(() -> withdrawal(lease.lock, lease.request), keeper.life(), lease.deadline, () -> {});
        }
    }

    boolean giveBack(HeldTimedLease lease) {
        try {
            return released(lease, combiner.run(TimedCalls.release(lease)));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "a release is told later", e);
            if (lease.deadline.isLive() && !client.isClosed()) {
                client.background().callAfter(RETRY, () -> giveBack(lease));
            }
            return true;
        }
    }

    void closeSession(UUID session) {
        try {
            combiner.run(Call.alone("", link -> {
                close(link, session, Sql.Commit.UNFLUSHED);
                return Reply.of("closed");
            }));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "the session ends by itself", e);
        }
    }

    /** The database looks for what the session holds: there may be releases and grants under way that nobody here lists any more. */
    private static void close(Link link, UUID session, Sql.Commit commit) throws SQLException {
        try {
            var statement = link.statement(commit.close);
            statement.setObject(1, session);
            statement.setArray(2, null);
            statement.executeQuery().close();
        } catch (SQLException e) {
            if (!Fault.is(e, Fault.NOTIFICATION_QUEUE_FULL) || commit == Sql.Commit.QUIET) {
                throw e;
            }
            close(link, session, Sql.Commit.QUIET);
        }
    }
}
