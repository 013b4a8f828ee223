package io.latchkey.testkit;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.postgresql.ds.PGSimpleDataSource;

/** A database of its own for one test. Closing drops it, its connections and its roles. Thread-safe. */
public final class TestDatabase implements AutoCloseable {
    private final PostgresServer server;
    private final DatabaseAddress address;
    private final List<TestRole> roles = new CopyOnWriteArrayList<>();

    private TestDatabase(PostgresServer server, DatabaseAddress address) {
        this.server = server;
        this.address = address;
    }

    static TestDatabase create(PostgresServer server) {
        String name = uniqueName("test");
        execute(server.address(), "CREATE DATABASE " + name);
        return new TestDatabase(server, server.address().withDatabase(name));
    }

    /** The server it was created on. */
    public PostgresServer server() {
        return server;
    }

    /** Its address, for variants: through a proxy, as another role, on a standby. */
    public DatabaseAddress address() {
        return address;
    }

    /** Its name, safe to use in SQL without quotes. */
    public String name() {
        return address.database();
    }

    /** JDBC URL with user and password. */
    public String url() {
        return address.url();
    }

    /** A new connection as the user that created the database. The caller closes it. */
    public Connection connect() throws SQLException {
        return address.connect();
    }

    /** An unpooled data source. */
    public PGSimpleDataSource dataSource() {
        return address.dataSource();
    }

    /** Runs SQL (one or more statements) in a connection of its own. */
    public void execute(String sql) {
        execute(address, sql);
    }

    /** Creates a role that may log in and nothing more. It is dropped with the database. */
    public TestRole createRole() {
        TestRole role =
                new TestRole(uniqueName("role"), UUID.randomUUID().toString().replace("-", ""));
        execute("CREATE ROLE " + role.name() + " LOGIN PASSWORD '" + role.password() + "'");
        roles.add(role);
        return role;
    }

    /** Drops the database and its roles. Does nothing on a server that is down. */
    @Override
    public void close() {
        if (server instanceof CrashableServer crashable && !crashable.isRunning()) {
            return;
        }
        execute(server.address(), "DROP DATABASE IF EXISTS " + name() + " WITH (FORCE)");
        roles.forEach(role -> execute(server.address(), "DROP ROLE IF EXISTS " + role.name()));
        roles.clear();
    }

    @Override
    public String toString() {
        return address.toString();
    }

    private static String uniqueName(String kind) {
        return "latchkey_" + kind + "_"
                + UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    }

    private static void execute(DatabaseAddress where, String sql) {
        try (Connection connection = where.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }
}
