package io.latchkey.internal;

import io.latchkey.Participant;
import io.latchkey.internal.Watch.Sight;
import java.lang.System.Logger.Level;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What this client wants to hear of besides grants. A notification only says where to look, and carries the random number of the
 * watch, so nobody can forge one; one that is lost is made up for with each renewal, which looks at all.
 */
final class Watches {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final Duration RETRY = Duration.ofMillis(200);

    private final Client client;
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Map<Long, Watch> watches = new ConcurrentHashMap<>();
    /** Which of them to look at. */
    private final Set<Long> due = ConcurrentHashMap.newKeySet();
    /** One look at a time, so that no old answer overtakes a new one. */
    private final Serial looking;

    Watches(Client client, CallCombiner combiner, Keeper keeper) {
        this.client = client;
        this.combiner = combiner;
        this.keeper = keeper;
        this.looking = new Serial(client.background()::call);
    }

    boolean isEmpty() {
        return watches.isEmpty();
    }

    /** Adds one, and tells the database now, or as soon as it can be reached. */
    void add(long request, Watch watch) {
        watches.put(request, watch);
        keeper.waiting(-1); // listen
        register(request, watch);
    }

    void onRevocationRequested(AbstractLease lease, Runnable action) {
        Revocable fresh = new Revocable(lease, client.background());
        Watch known = watches.putIfAbsent(lease.request, fresh);
        (known instanceof Revocable revocable ? revocable : fresh).then(action);
        if (known == null) {
            add(lease.request, fresh);
            if (!client.leases().has(lease.request)) {
                remove(lease.request); // over by now
            }
        }
    }

    /** Asks the holder of a grant, or (null) all; false if nobody has it who listens. */
    boolean requestRevocation(String name, @Nullable Long token) {
        try {
            return combiner.run(Call.alone(name, link -> {
                        PreparedStatement statement = link.statement(Sql.REQUEST_REVOCATION);
                        statement.setString(1, name);
                        statement.setObject(2, token, Types.BIGINT);
                        try (ResultSet row = statement.executeQuery()) {
                            row.next();
                            return Reply.of(row.getBoolean(2) ? "asked" : "nobody");
                        }
                    }))
                    .is("asked");
        } catch (SQLException e) {
            throw client.fault(e, name);
        }
    }

    private void register(long request, Watch watch) {
        if (watches.get(request) != watch || client.isClosed()) {
            return;
        }
        try {
            Reply reply = combiner.run(Call.inSession(watch.name(), (link, session, commit) -> {
                PreparedStatement statement = link.statement(Sql.ADD_WATCH);
                statement.setObject(1, session);
                statement.setLong(2, request);
                statement.setString(3, watch.name());
                statement.setObject(4, watch.token(), Types.BIGINT);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return Reply.of(row.getBoolean(2) ? "added" : "no_session");
                }
            }));
            if (reply.is("no_session")) {
                keeper.lookNow();
                client.background().callAfter(RETRY, () -> register(request, watch));
            } else if (watches.get(request) == watch) {
                look(request);
            } else {
                client.background().call(() -> unregister(request)); // ended meanwhile
            }
        } catch (SQLException e) {
            if (!Fault.isConnectionLost(e)) {
                throw client.fault(e, watch.name());
            }
            LOG.log(Level.DEBUG, "a watch is told later", e);
            client.background().callAfter(RETRY, () -> register(request, watch));
        }
    }

    void remove(long request) {
        if (!watches.isEmpty() && watches.remove(request) != null) {
            client.background().call(() -> unregister(request));
        }
    }

    private void unregister(long request) {
        try {
            combiner.run(Call.inSession("", (link, session, commit) -> {
                PreparedStatement statement = link.statement(Sql.REMOVE_WATCH);
                statement.setObject(1, session);
                statement.setLong(2, request);
                statement.executeQuery().close();
                return Reply.of("removed");
            }));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "a watch ends with its session", e);
        }
    }

    /** The session has another id: the database has forgotten them. */
    void resubmit() {
        watches.forEach((request, watch) -> client.background().call(() -> register(request, watch)));
    }

    /** A notification. */
    void notified(long request) {
        if (watches.containsKey(request)) {
            look(request);
        }
    }

    /** The backstop. */
    void renewed() {
        if (!watches.isEmpty()) {
            due.addAll(watches.keySet());
            looking.execute(this::look);
        }
    }

    private void look(long request) {
        if (due.add(request)) {
            looking.execute(this::look);
        }
    }

    private void look() {
        Set<Long> asked = new HashSet<>(due);
        due.removeAll(asked); // before the question: whatever happens after it is due again
        if (asked.isEmpty() || client.isClosed()) {
            return;
        }
        Map<Long, Sight> sights = new HashMap<>();
        try {
            combiner.run(Call.inSession("", (link, session, commit) -> {
                PreparedStatement statement = link.statement(Sql.CHECK_WATCHES);
                statement.setObject(1, session);
                statement.setArray(2, link.connection().createArrayOf("int8", asked.toArray()));
                try (ResultSet row = statement.executeQuery()) {
                    while (row.next()) {
                        sights.put(row.getLong(1), sight(row));
                    }
                }
                return Reply.of("answered");
            }));
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "the next renewal looks", e);
        }
        sights.forEach((request, sight) -> {
            Watch watch = watches.get(request);
            if (watch != null) {
                watch.seen(sight);
            }
        });
    }

    private static Sight sight(ResultSet row) throws SQLException {
        String leader = row.getString(3);
        return new Sight(
                row.getBoolean(2),
                leader == null ? null : new Participant(leader, row.getString(4), row.getString(5), row.getLong(6)));
    }
}
