package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** How many permits semaphores have: asks, changes, and warns of a client that believes in another number. */
final class Permits {
    private static final System.Logger LOG = System.getLogger("io.latchkey");

    private final Client client;
    private final CallCombiner combiner;
    private final Set<String> warned = ConcurrentHashMap.newKeySet();

    Permits(Client client, CallCombiner combiner) {
        this.client = client;
        this.combiner = combiner;
    }

    /** After a call: the database says so if it has another number. */
    void compare(String name, Mode mode, Reply reply) {
        if (reply.permits() > 0 && warned.add(name)) {
            LOG.log(
                    Level.WARNING,
                    "the semaphore {0} has {1} permits, and this client says {2}; what is stored counts, setPermits changes it",
                    name,
                    Integer.toString(reply.permits()),
                    Integer.toString(mode.permits()));
        }
    }

    Usage usage(String name, int ifNew) {
        return client.questions().ask(name, link -> {
            var statement = link.statement(Sql.AUDIT_PERMITS);
            statement.setString(1, name);
            try (var row = statement.executeQuery()) {
                row.next();
                int permits = row.getInt(1);
                return row.wasNull() ? new Usage(ifNew, ifNew) : new Usage(permits, permits - row.getInt(2));
            }
        });
    }

    void set(String name, int permits) {
        client.requireOpen();
        try {
            combiner.run(Call.alone(name, link -> {
                var statement = link.statement(Sql.SET_PERMITS);
                statement.setString(1, name);
                statement.setInt(2, permits);
                Reply reply = Link.reply(statement, 1);
                Link.requireCertain(statement, Sql.Commit.FLUSHED);
                link.wake(List.of(name)); // those who have theirs now, and those who ask for too many
                return reply;
            }));
        } catch (SQLException e) {
            throw client.fault(e, name);
        }
    }
}
