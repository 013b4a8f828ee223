package io.latchkey.benchmarks.servers;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** PostgreSQL, with its own defaults but for the number of connections. Each peer has a database of its own. */
public final class PostgresBackend implements Server {
    private final CrashableServer server;
    private final ProcessorTime time;
    private final Set<String> databases = ConcurrentHashMap.newKeySet();

    PostgresBackend() {
        server = PostgresServer.start(ServerOptions.defaults()
                .setting("max_connections", "1200")
                .setting("shared_buffers", "128MB") // the default, which the testkit lowers
                .setting("shared_preload_libraries", "pg_stat_statements")
                .setting("pg_stat_statements.track", "none"));
        time = new ProcessorTime(server.pid());
        execute("", "CREATE EXTENSION pg_stat_statements");
    }

    @Override
    public String version() {
        return ask("", "SELECT 'PostgreSQL ' || current_setting('server_version')");
    }

    @Override
    public String address(String space) {
        String name = name(space);
        if (databases.add(name)) {
            execute("", "CREATE DATABASE " + name);
        }
        return server.address().withDatabase(name).url();
    }

    private static String name(String space) {
        return "bench_" + space.replace('-', '_');
    }

    /** Counts statements of this database from its next connections on. */
    public void countStatements(String space) {
        execute("", "ALTER DATABASE " + name(space) + " SET pg_stat_statements.track = 'top'");
    }

    @Override
    public Counters counters(String space) {
        String database = " = (SELECT oid FROM pg_database WHERE datname = '" + name(space) + "')";
        String[] counted = ask(
                        "",
                        "SELECT concat_ws(' ', (SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE dbid"
                                + database + "), (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datid"
                                + database + "), pg_current_wal_insert_lsn() - '0/0')")
                .split(" ");
        return new Counters(
                Double.parseDouble(counted[0]),
                Double.parseDouble(counted[1]),
                Double.parseDouble(counted[2]),
                time.nanos());
    }

    @Override
    public void settle(String space) {
        execute(space, "VACUUM ANALYZE");
    }

    /** Runs SQL in a database that was asked for before; in the server's own where the name is empty. */
    public void execute(String space, String sql) {
        try (Connection connection = connect(space);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException("PostgreSQL: " + e.getMessage(), e);
        }
    }

    private Connection connect(String space) throws SQLException {
        return (space.isEmpty() ? server.address() : server.address().withDatabase(name(space))).connect();
    }

    private String ask(String space, String sql) {
        try (Connection connection = connect(space);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        } catch (SQLException e) {
            throw new IllegalStateException("PostgreSQL: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
