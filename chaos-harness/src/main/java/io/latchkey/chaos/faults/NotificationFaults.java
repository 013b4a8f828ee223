package io.latchkey.chaos.faults;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Notifications that do not arrive, that cannot be sent, and that lie. */
final class NotificationFaults {
    private static final String QUEUE_FULL = "54000";

    private NotificationFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("notifications-lost", NotificationFaults::notificationsLost),
                new FaultKind("notifications-full", NotificationFaults::notificationsFull),
                new FaultKind("notifications-forged", NotificationFaults::notificationsForged));
    }

    private static Fault notificationsLost(World world, SplittableRandom random) {
        long ms = random.nextInt(500, 4_000);
        String[] original = new String[1];
        return new Trouble(
                "notifications-lost",
                "no notification is sent for " + ms + " ms",
                Set.of(ServerFaults.SERVER),
                ms,
                w -> {
                    try (Connection connection = w.cluster().connect();
                            Statement statement = connection.createStatement()) {
                        original[0] = definition(statement);
                        statement.execute(original[0].replace("IF p_channel IS NOT NULL", "IF false"));
                    }
                },
                w -> w.cluster().execute(original[0]));
    }

    private static String definition(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace"
                        + " AND p.proname = '_notify'")) {
            row.next();
            return row.getString(1);
        }
    }

    /** By one who knows the channels and the requests, which no role but the owner of the tables does. */
    private static Fault notificationsForged(World world, SplittableRandom random) {
        return new Trouble(
                "notifications-forged",
                "grants are notified that never were, and 'look'",
                Set.of(ServerFaults.SERVER),
                0,
                w -> w.cluster().execute("""
                        SELECT pg_notify(s.channel, p.payload)
                          FROM latchkey._session s,
                               LATERAL (SELECT to_hex(g * 7919) || ' ' || (date_part('epoch', clock_timestamp()) * 1000000)::bigint
                                               || ' ' || (SELECT i.id FROM latchkey._incarnation i) AS payload
                                          FROM generate_series(1, 200) g
                                         UNION ALL SELECT to_hex(g) || ' look' FROM generate_series(1, 50) g
                                         UNION ALL SELECT unnest(ARRAY['x', '', '1 2', 'ffffffffffffffffff 1 1'])) p
                         WHERE s.channel IS NOT NULL"""),
                w -> {});
    }

    /** A listener of some other application sleeps in a transaction, and others notify until there is no room left. */
    private static Fault notificationsFull(World world, SplittableRandom random) {
        long ms = random.nextInt(500, 4_000);
        @Nullable Connection[] sleeper = new Connection[1];
        return new Trouble(
                "notifications-full",
                "the notification queue is full for " + ms + " ms",
                Set.of(ServerFaults.SERVER),
                ms,
                w -> {
                    if (!w.cluster().hasSmallQueue()) {
                        throw new IllegalStateException("this server's queue has 8 GB");
                    }
                    Connection connection = w.cluster().connect();
                    sleeper[0] = connection;
                    try (Statement statement = connection.createStatement()) {
                        statement.execute("LISTEN chaos");
                        connection.setAutoCommit(false);
                        statement.execute("SELECT count(*) FROM pg_class");
                    }
                    fill(w.cluster());
                },
                w -> SqlFaults.close(sleeper[0]));
    }

    private static void fill(Cluster cluster) throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            for (int size : new int[] {7_000, 100}) { // the last page to its last bytes
                try {
                    while (true) {
                        statement.execute("SELECT pg_notify('chaos', repeat('x', " + size
                                + ") || g) FROM generate_series(1, 20) g");
                    }
                } catch (SQLException e) {
                    if (!QUEUE_FULL.equals(e.getSQLState())) {
                        throw e;
                    }
                }
            }
        }
    }
}
