package io.latchkey.chaos.faults;

import io.latchkey.chaos.history.Resource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What an administrator, a monitoring tool or another application can do. All need the server to be there. */
final class SqlFaults {
    private static final List<String> TABLES = List.of("_lock", "_session", "_waiter", "_share");

    private SqlFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("backends-terminated", SqlFaults::terminated),
                new FaultKind("listener-terminated", SqlFaults::listenersTerminated),
                new FaultKind("connections-refused", SqlFaults::connectionsRefused),
                setting("read-only", "default_transaction_read_only", "on"),
                setting("statement-timeout", "statement_timeout", "1"),
                setting("lock-timeout", "lock_timeout", "1"),
                new FaultKind("held-snapshot", SqlFaults::heldSnapshot),
                new FaultKind("locked-rows", SqlFaults::lockedRows),
                new FaultKind("locked-table", SqlFaults::lockedTable),
                new FaultKind("vacuum-full", SqlFaults::vacuumFull));
    }

    private static final Set<String> PARTS = Set.of(ServerFaults.SERVER);

    private static Fault terminated(World world, SplittableRandom random) {
        return terminate("backends-terminated", "all backends of the workers are terminated", "true");
    }

    /** The connection that renews and listens says one of these last. */
    private static Fault listenersTerminated(World world, SplittableRandom random) {
        return terminate(
                "listener-terminated",
                "the connections that renew and listen are terminated",
                "(query LIKE '%renew_session%' OR query LIKE 'LISTEN%')");
    }

    private static Fault terminate(String name, String what, String which) {
        return new Trouble(
                name,
                what,
                PARTS,
                0,
                w -> w.cluster()
                        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"
                                + w.cluster().role().name() + "' AND " + which),
                w -> {});
    }

    private static FaultKind setting(String name, String setting, String value) {
        return new FaultKind(name, (world, random) -> {
            long ms = random.nextInt(300, 2_500);
            return new Trouble(
                            name,
                            setting + " = " + value + " for " + ms + " ms",
                            PARTS,
                            ms,
                            w -> {
                                w.cluster().execute("ALTER SYSTEM SET " + setting + " = '" + value + "'");
                                w.cluster().execute("SELECT pg_reload_conf()");
                            },
                            w -> {
                                w.cluster().execute("ALTER SYSTEM RESET " + setting);
                                w.cluster().execute("SELECT pg_reload_conf()");
                            })
                    .settlesIn(2);
        });
    }

    /** Somebody has all connections, and the workers lose theirs. */
    private static Fault connectionsRefused(World world, SplittableRandom random) {
        long ms = random.nextInt(300, 2_500);
        List<Connection> taken = new ArrayList<>();
        return new Trouble(
                "connections-refused",
                "max_connections is reached for " + ms + " ms",
                PARTS,
                ms,
                w -> {
                    Cluster cluster = w.cluster();
                    String url = cluster.address().withUser(cluster.role()).url();
                    for (int round = 0; round < 3; round++) {
                        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"
                                + cluster.role().name() + "' AND application_name <> 'nemesis'");
                        takeAll(url, taken);
                    }
                },
                w -> taken.forEach(SqlFaults::close));
    }

    private static void takeAll(String url, List<Connection> taken) throws SQLException {
        while (true) {
            try {
                taken.add(DriverManager.getConnection(url));
            } catch (SQLException e) {
                if ("53300".equals(e.getSQLState())) {
                    return;
                }
                throw e;
            }
        }
    }

    private static Fault heldSnapshot(World world, SplittableRandom random) {
        return transaction(
                "held-snapshot",
                "somebody keeps a snapshot",
                random.nextInt(1_000, 4_000),
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT pg_current_xact_id(), count(*) FROM latchkey._lock");
    }

    private static Fault lockedRows(World world, SplittableRandom random) {
        List<Resource> all = Resource.shared();
        String name = all.get(random.nextInt(all.size())).name();
        return transaction(
                "locked-rows",
                "somebody keeps the row of '" + name + "' locked",
                random.nextInt(200, 2_500),
                "SELECT FROM latchkey._lock WHERE name = '" + name + "' FOR UPDATE");
    }

    private static Fault lockedTable(World world, SplittableRandom random) {
        String table = TABLES.get(random.nextInt(TABLES.size()));
        return transaction(
                "locked-table",
                "somebody keeps latchkey." + table + " locked",
                random.nextInt(200, 2_000),
                "LOCK TABLE latchkey." + table + " IN ACCESS EXCLUSIVE MODE");
    }

    private static Fault transaction(String name, String what, long ms, String sql) {
        @Nullable Connection[] open = new Connection[1];
        return new Trouble(
                name,
                what + " for " + ms + " ms",
                PARTS,
                ms,
                w -> {
                    Connection connection = w.cluster().connect();
                    open[0] = connection;
                    connection.setAutoCommit(false);
                    try (Statement statement = connection.createStatement()) {
                        statement.execute(sql);
                    }
                },
                w -> close(open[0]));
    }

    private static Fault vacuumFull(World world, SplittableRandom random) {
        return once("vacuum-full", "VACUUM FULL and REINDEX of all tables", w -> {
            for (String table : TABLES) {
                w.cluster().execute("VACUUM FULL latchkey." + table);
                w.cluster().execute("REINDEX TABLE latchkey." + table);
            }
        });
    }

    private static Fault once(String name, String what, Trouble.Action action) {
        return new Trouble(name, what, PARTS, 0, action, w -> {});
    }

    static void close(@Nullable Connection connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (SQLException e) {
            // Gone with its server.
        }
    }
}
