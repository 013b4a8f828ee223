package io.latchkey.internal;

import io.latchkey.Participant;
import java.lang.System.Logger.Level;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The candidates of a client, and what they say to the database. */
final class Elections {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final Duration RETRY = Duration.ofMillis(200);

    private final Client client;
    private final CallCombiner combiner;
    private final Acquirer acquirer;
    private final Set<Election> candidates = ConcurrentHashMap.newKeySet();
    /** One after the other, so that candidates of one client join in the order in which they were told to. */
    private final Serial joining;

    Elections(Client client, CallCombiner combiner, Acquirer acquirer) {
        this.client = client;
        this.combiner = combiner;
        this.acquirer = acquirer;
        this.joining = new Serial(client.background()::call);
    }

    Election election(String name, String id) {
        return new Election(
                this, client.background(), Name.checked(name), Name.checkedName("the id of a candidate", id));
    }

    Candidacy join(Election election) {
        candidates.add(election);
        Candidacy candidacy = new Candidacy(election, client.newRequest());
        acquirer.submit(candidacy, joining);
        return candidacy;
    }

    void left(Election election) {
        candidates.remove(election);
    }

    /** Whether it led until now. */
    boolean resign(String name, AbstractLease lease) {
        boolean led = lease.release();
        announce(name); // whoever was elected by this announces itself; but there may be none
        return led;
    }

    void withdraw(Candidacy candidacy) {
        var unused = acquirer.abandon(candidacy);
    }

    void later(Duration delay, Runnable task) {
        client.background().callAfter(delay, task);
    }

    /** Tells the database what a candidate says of itself, now or as soon as it can be reached. */
    void describe(Candidacy candidacy) {
        try {
            combiner.run(candidacy.describeCall());
            announce(candidacy.name);
        } catch (SQLException e) {
            if (!Fault.isConnectionLost(e)) {
                throw client.fault(e, candidacy.name);
            }
            LOG.log(Level.DEBUG, "a candidate is described later", e);
            later(RETRY, () -> describe(candidacy));
        }
    }

    /** Lets observers look, wherever they are. */
    void announce(String name) {
        client.background().call(() -> {
            try {
                combiner.run(Call.alone(name, link -> {
                    var statement = link.statement(Sql.ANNOUNCE_LEADER);
                    statement.setString(1, name);
                    statement.executeQuery().close();
                    return Reply.of("announced");
                }));
            } catch (SQLException e) {
                LOG.log(Level.DEBUG, "observers look with their next renewal", e);
            }
        });
    }

    List<Participant> participants(String name) {
        return ask(Sql.PARTICIPANTS, name);
    }

    Optional<Participant> leader(String name) {
        return ask(Sql.LEADER, name).stream().findFirst();
    }

    private List<Participant> ask(String question, String name) {
        return client.questions().ask(name, link -> {
            var statement = link.statement(question);
            statement.setString(1, name);
            List<Participant> found = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Participant(row.getString(1), row.getString(2), row.getString(3), row.getLong(4)));
                }
            }
            return List.copyOf(found);
        });
    }

    void requireOpen() {
        client.requireOpen();
    }

    void resumed() {
        candidates.forEach(election -> client.background().call(election::resumed));
    }

    void close() {
        candidates.forEach(Election::clientCloses);
    }
}
