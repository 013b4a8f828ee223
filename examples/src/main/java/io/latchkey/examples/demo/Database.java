package io.latchkey.examples.demo;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.SchemaException;
import io.latchkey.SchemaMode;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** The database of the demo: an embedded server, or the reader's own, which is left as it was found. */
final class Database implements AutoCloseable {
    private final String url;
    private final @Nullable CrashableServer server;
    private final WorkTable table;
    private final Thread atExit = new Thread(this::leaveAsFound, "demo-exit");
    private boolean installed;

    private Database(String url, @Nullable CrashableServer server) {
        this.url = url;
        this.server = server;
        this.table = new WorkTable(url);
    }

    static Database open(@Nullable String url) {
        Database database = url == null ? embedded(PostgresServer.start()) : new Database(url, null);
        try {
            database.prepare();
            return database;
        } catch (CoordinationException e) {
            database.stopServer();
            throw new DemoException("Cannot use this database: " + e.getMessage() + ".");
        } catch (SQLException e) {
            database.undoInstall();
            database.stopServer();
            throw new DemoException(sentence(e));
        }
    }

    private static String sentence(SQLException e) {
        return switch (e.getSQLState() == null ? "" : e.getSQLState()) {
            case "42P06" ->
                "The schema latchkey_demo exists already: another demo is running there, or one was killed;"
                        + " then drop it with: DROP SCHEMA latchkey_demo CASCADE.";
            case "42501" ->
                "This role may not create the demo's schema latchkey_demo; run GRANT CREATE ON DATABASE ...";
            default -> "The database refuses the demo's schema latchkey_demo: " + e.getMessage();
        };
    }

    private static Database embedded(CrashableServer server) {
        return new Database(server.address().url(), server);
    }

    private void prepare() throws SQLException {
        try {
            Latchkey.builder(url).schema(SchemaMode.CHECK).connect().close();
        } catch (SchemaException e) {
            if (count("SELECT count(*) FROM pg_namespace WHERE nspname = 'latchkey'") > 0) {
                throw e; // theirs, and not for us to upgrade
            }
            Latchkey.builder(url).schema(SchemaMode.INSTALL).connect().close();
            installed = true;
        }
        table.create();
        if (server == null) {
            Runtime.getRuntime().addShutdownHook(atExit);
        }
    }

    String url() {
        return url;
    }

    WorkTable table() {
        return table;
    }

    boolean isEmbedded() {
        return server != null;
    }

    /** Such as 18.6. */
    String version() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_version")) {
            row.next();
            return row.getString(1).split(" ", 2)[0];
        }
    }

    @Override
    public void close() {
        if (server == null) {
            Runtime.getRuntime().removeShutdownHook(atExit);
            leaveAsFound();
        }
        stopServer();
    }

    private void stopServer() {
        if (server != null) {
            server.close();
        }
    }

    private void leaveAsFound() {
        try {
            table.drop();
        } catch (SQLException e) {
            System.err.println("demo: could not drop the schema latchkey_demo: " + e.getMessage());
        }
        undoInstall();
    }

    private void undoInstall() {
        try {
            if (installed) {
                dropUnlessUsed();
            }
        } catch (SQLException e) {
            System.err.println("demo: could not drop the schema latchkey, which it has installed: " + e.getMessage());
        }
    }

    /** Drops the schema that this demo has installed, unless others have begun to use it. */
    private void dropUnlessUsed() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SET LOCAL lock_timeout = '5s'");
            statement.execute("LOCK TABLE latchkey._lock, latchkey._session IN ACCESS EXCLUSIVE MODE");
            try (ResultSet others = statement.executeQuery("SELECT EXISTS (SELECT FROM latchkey._lock WHERE name <> '"
                    + Story.LOCK + "')" + " OR EXISTS (SELECT FROM latchkey._session WHERE holder NOT IN ("
                    + Crew.SQL_NAMES + "))")) {
                others.next();
                if (!others.getBoolean(1)) {
                    statement.execute("DROP SCHEMA latchkey CASCADE");
                }
            }
            connection.commit();
        }
    }

    private long count(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }
}
