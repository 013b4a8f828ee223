package io.latchkey.testkit;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * A real PostgreSQL for tests. Which one, the system property {@code latchkey.postgres} decides (or the environment
 * variable {@code LATCHKEY_POSTGRES}):
 *
 * <ul>
 *   <li>{@code 15} to {@code 18}: embedded binaries of this major version; the default is {@code 18}
 *   <li>{@code local}: the newest PostgreSQL installed on this machine; or the path of its {@code bin} directory
 *   <li>{@code docker} or {@code docker:image}: a container, through Testcontainers
 * </ul>
 *
 * <p>{@code latchkey.postgres.url} ({@code LATCHKEY_POSTGRES_URL}) names a server that runs already; its user must be
 * allowed to create databases (and roles, for tests that need them).
 *
 * <p>What this class starts listens on the loopback address only, keeps its data in a temporary directory, and ends with
 * the JVM, even one that is killed. Starting servers works on Linux and macOS. Thread-safe.
 */
public interface PostgresServer {
    /**
     * The server that all tests of this JVM share. Started by the first call, stopped when the JVM ends.
     *
     * @throws IllegalStateException if it cannot be started; the message says what is missing
     */
    static PostgresServer shared() {
        return SharedServer.get();
    }

    /** Starts a server of the caller's own, with {@link ServerOptions#defaults()}. */
    static CrashableServer start() {
        return start(ServerOptions.defaults());
    }

    /**
     * Starts a server of the caller's own, one that can be crashed, stopped and promoted.
     *
     * @throws IllegalStateException if it cannot be started; the message says what is missing
     */
    static CrashableServer start(ServerOptions options) {
        return CrashableServer.start(options);
    }

    /** The maintenance database of this server, as a user that may create databases. */
    DatabaseAddress address();

    /** A new, empty database with a unique name. It is dropped when it is closed. */
    default TestDatabase database() {
        return TestDatabase.create(this);
    }

    /** Major version as the server tells it, for example 18. */
    default int majorVersion() {
        try (Connection connection = address().connect()) {
            return connection.getMetaData().getDatabaseMajorVersion();
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot ask " + address() + " for its version", e);
        }
    }
}
