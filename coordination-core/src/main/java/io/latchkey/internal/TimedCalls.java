package io.latchkey.internal;

import io.latchkey.LeaseTime;
import java.util.List;
import java.util.UUID;

/** The calls for timed leases. Each has a statement of its own, because its commit waits for the disk. */
final class TimedCalls {
    private TimedCalls() {}

    static Call acquire(UUID session, String name, long request, boolean wait, LeaseTime time, String holder) {
        return Call.alone(name, link -> {
            var statement = link.statement(Sql.ACQUIRE_TIMED);
            statement.setObject(1, session);
            statement.setString(2, name);
            statement.setLong(3, request);
            statement.setBoolean(4, wait);
            statement.setLong(5, time.atMost().toMillis());
            statement.setLong(6, time.atLeast().toMillis());
            statement.setString(7, holder);
            Reply answer = Link.reply(statement, 1);
            Link.requireCertain(statement, Sql.Commit.FLUSHED);
            return wakingOthers(link, name, answer);
        });
    }

    static Call confirm(String name, long token, long request) {
        return Call.alone(name, link -> {
            var statement = link.statement(Sql.CONFIRM_TIMED);
            statement.setString(1, name);
            statement.setLong(2, token);
            statement.setLong(3, request);
            return Link.reply(statement, 1);
        });
    }

    static Call extend(HeldTimedLease lease, LeaseTime time) {
        return Call.alone(lease.lock, link -> {
            var statement = link.statement(Sql.EXTEND_TIMED);
            statement.setString(1, lease.lock);
            statement.setLong(2, lease.token);
            statement.setLong(3, lease.request);
            statement.setLong(4, time.atMost().toMillis());
            statement.setLong(5, time.atLeast().toMillis());
            return Link.reply(statement, 1);
        });
    }

    static Call release(HeldTimedLease lease) {
        return Call.alone(lease.lock, link -> {
            var statement = link.statement(Sql.RELEASE_TIMED);
            statement.setString(1, lease.lock);
            statement.setLong(2, lease.token);
            statement.setLong(3, lease.request);
            return wakingOthers(link, lease.lock, Link.reply(statement, 1));
        });
    }

    private static Reply wakingOthers(Link link, String name, Reply answer) {
        if (answer.mayHaveHandedOver()) {
            link.wake(List.of(name));
        }
        return answer;
    }
}
