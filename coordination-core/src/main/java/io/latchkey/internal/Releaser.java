package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * Gives things back. What cannot be told to the database now is told later, for as long as it matters: as long as the session
 * lives that holds it.
 */
final class Releaser {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final Duration RETRY = Duration.ofMillis(200);
    private static final long MAX_SETTLE_MS = 100;

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
        if (client.isClosed() || !lease.life().deadline.isLive()) {
            return false;
        }
        try {
            Reply reply = release(lease.lock, lease.token);
            if (reply.is("fenced") || reply.is("grace")) {
                settleAfter(lease.lock, 2);
            }
            boolean released = !reply.is("not_held");
            client.events()
                    .tell(events -> events.released(
                            lease.lock,
                            Duration.ofNanos(System.nanoTime() - lease.grantedAt),
                            reply.is("handed_over")));
            return released;
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "a release is told later", e);
            client.background().callAfter(RETRY, () -> giveBack(lease));
            return true;
        }
    }

    /** A session that was given a new id meanwhile does not find what it holds under the old one. */
    private Reply release(String name, long token) throws SQLException {
        while (true) {
            Call call = Call.of(Call.Kind.RELEASE, name, token);
            Reply reply = combiner.run(call);
            if (!reply.is("not_held")) {
                return reply;
            } else if (keeper.life().id().equals(call.session)) {
                return call.repeated ? new Reply("released", 0, 0, -1) : reply; // most likely by the first try
            }
        }
    }

    /** The lock was given back, and a fenced transaction or the grace period keeps the next from getting it: try again for them. */
    private void settleAfter(String name, long delayMs) {
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
                        return new Reply(row.getString(2), 0, 0, -1);
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

    /** Ends an acquisition wherever it stands in the database. Returns at once. */
    void withdraw(String name, long request, SessionLife life) {
        client.background().call(() -> {
            if (client.isClosed() || !life.deadline.isLive()) {
                return;
            }
            try {
                Call call = Call.of(Call.Kind.WITHDRAW, name, request);
                combiner.run(call);
                if (!life.id().equals(call.session)) {
                    withdraw(name, request, life);
                }
            } catch (SQLException e) {
                client.background().callAfter(RETRY, () -> withdraw(name, request, life));
            }
        });
    }

    boolean giveBack(HeldTimedLease lease) {
        try {
            Reply reply = combiner.run(Call.alone(lease.lock, link -> {
                var statement = link.statement(Sql.RELEASE_TIMED);
                statement.setString(1, lease.lock);
                statement.setLong(2, lease.token);
                statement.setLong(3, lease.request);
                Reply answer = Link.reply(statement, 1);
                if (answer.is("handed_over")) {
                    link.wake(List.of(lease.lock));
                }
                return answer;
            }));
            if (reply.is("fenced") || reply.is("grace")) {
                settleAfter(lease.lock, 2);
            }
            client.events()
                    .tell(events -> events.released(
                            lease.lock,
                            Duration.ofNanos(System.nanoTime() - lease.grantedAt),
                            reply.is("handed_over")));
            return !reply.is("not_held");
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
                return new Reply("closed", 0, 0, -1);
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
