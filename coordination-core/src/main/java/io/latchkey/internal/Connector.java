package io.latchkey.internal;

import io.latchkey.CoordinationException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.Executor;
import javax.sql.DataSource;
import org.postgresql.Driver;

/** Opens the client's own connections, all alike: auto-commit, read committed, never idle too long, with a network time-out. */
public final class Connector {
    private static final Executor DIRECTLY = Runnable::run;

    private final Source source;
    private final int networkTimeoutMs;
    private final Duration spin;

    Connector(Source source, int networkTimeoutMs, Duration spin) {
        this.source = source;
        this.networkTimeoutMs = networkTimeoutMs;
        this.spin = spin;
    }

    /** Where connections come from. */
    public interface Source {
        /** Opens one; the time-out is for connecting and logging in, the spin for each answer if the source can have it. */
        Connection open(int timeoutMs, Duration spin) throws SQLException;

        /** Where that is, for messages: host, port and database, never a user's password. */
        String place();
    }

    /** Connections of this URL. */
    public static Source url(String url) {
        return new UrlSource(url, new Properties());
    }

    /** Connections like those of this data source, or its own. */
    public static Source dataSource(DataSource dataSource) {
        return DataSourceReader.sourceOf(dataSource);
    }

    String place() {
        return source.place();
    }

    /** Opens a connection and makes sure that it can write. */
    Connection open() throws SQLException {
        Connection connection = source.open(networkTimeoutMs, spin);
        try {
            connection.setAutoCommit(true);
            connection.setNetworkTimeout(DIRECTLY, networkTimeoutMs);
            Server server = server(connection);
            if (server.readOnly) {
                throw new SQLException(
                        "the server is read-only (a standby, or default_transaction_read_only is on)", "25006");
            }
            if (server.otherIsolation) {
                connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            }
            if (server.idleTimeout) {
                try (Statement statement = connection.createStatement()) {
                    statement.execute(Sql.NEVER_IDLE);
                }
            }
            if (server.ignoresClientsEnd) {
                lookForClientsEnd(connection);
            }
            return connection;
        } catch (SQLException | RuntimeException e) {
            abandon(connection);
            throw e;
        }
    }

    /**
     * A statement that waits for a row does not notice that its client has given up. A client that calls again and again while
     * somebody keeps that row would leave so many of them behind that the server runs out of connections.
     */
    private static void lookForClientsEnd(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(Sql.LOOK_FOR_CLIENTS_END);
        } catch (SQLException e) {
            if (!Fault.is(e, Fault.INVALID_VALUE)) { // the server's system cannot do it
                throw e;
            }
        }
    }

    /** Closes a connection without a word to the server. */
    static void abandon(Connection connection) {
        try {
            connection.abort(DIRECTLY);
        } catch (SQLException e) {
            System.getLogger("io.latchkey").log(System.Logger.Level.DEBUG, "could not close a connection", e);
        }
    }

    /** What the client wants to know of the server: is it read-only, does it replicate synchronously, and three settings. */
    record Server(
            boolean readOnly,
            boolean synchronousStandby,
            boolean otherIsolation,
            boolean idleTimeout,
            boolean ignoresClientsEnd) {}

    static Server server(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(Sql.SERVER)) {
            row.next();
            return new Server(
                    row.getBoolean(1), row.getBoolean(2), row.getBoolean(3), row.getBoolean(4), row.getBoolean(5));
        }
    }

    /** A URL, with user, password and other properties of the driver in it or beside it. */
    static final class UrlSource implements Source {
        private final String url;
        private final Properties given;
        private final Properties parsed;

        UrlSource(String url, Properties given) {
            this.url = url;
            this.given = given;
            Properties read = Driver.parseURL(url, given);
            if (read == null) {
                throw new CoordinationException(
                        "this is not a PostgreSQL URL; it looks like jdbc:postgresql://host:5432/database?user=app",
                        null,
                        null,
                        null);
            }
            this.parsed = read;
        }

        @Override
        public Connection open(int timeoutMs, Duration spin) throws SQLException {
            Properties properties = new Properties();
            properties.putAll(given);
            String seconds = Integer.toString(Math.max(1, (timeoutMs + 999) / 1000));
            if (!isGiven("socketFactory")) {
                properties.setProperty("socketFactory", PromptSocketFactory.class.getName());
                properties.setProperty("socketFactoryArg", Long.toString(spin.toNanos() / 1_000));
            }
            setUnlessGiven(properties, "connectTimeout", seconds);
            setUnlessGiven(properties, "socketTimeout", seconds);
            setUnlessGiven(properties, "tcpKeepAlive", "true");
            setUnlessGiven(properties, "prepareThreshold", "1");
            setUnlessGiven(properties, "ApplicationName", "latchkey");
            if (hosts().contains(",")) {
                setUnlessGiven(properties, "targetServerType", "primary");
            }
            Connection connection = new Driver().connect(url, properties);
            if (connection == null) {
                throw new SQLException("the driver does not take this URL", "08001");
            }
            return connection;
        }

        private void setUnlessGiven(Properties properties, String property, String value) {
            if (!isGiven(property)) {
                properties.setProperty(property, value);
            }
        }

        private boolean isGiven(String property) {
            return parsed.getProperty(property) != null;
        }

        private String hosts() {
            return parsed.getProperty("PGHOST", "localhost");
        }

        @Override
        public String place() {
            String[] hosts = hosts().split(",");
            String[] ports = parsed.getProperty("PGPORT", "5432").split(",");
            StringBuilder place = new StringBuilder();
            for (int i = 0; i < hosts.length; i++) {
                place.append(i == 0 ? "" : ",")
                        .append(hosts[i])
                        .append(':')
                        .append(ports[Math.min(i, ports.length - 1)]);
            }
            return place.append('/').append(parsed.getProperty("PGDBNAME", "")).toString();
        }
    }
}
