package io.latchkey.security;

import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A server for these tests alone: {@code roles.sql} makes roles of the whole cluster. It logs every statement, in the way that
 * docs/security.md recommends: without parameters.
 */
final class SecureServer {
    /** A grace period that nobody waits for by accident. */
    static final int GRACE_MS = 6_000;

    private static @Nullable CrashableServer server;

    private SecureServer() {}

    static synchronized CrashableServer server() {
        if (server == null) {
            server = PostgresServer.start(ServerOptions.defaults()
                    .setting("log_statement", "all")
                    .setting("log_min_duration_statement", "0")
                    .setting("log_parameter_max_length", "0")
                    .setting("log_lock_waits", "on")
                    .setting("deadlock_timeout", "200ms")
                    .setting("track_activity_query_size", "16384"));
        }
        return server;
    }

    /** A database with the schema and the roles. */
    static TestDatabase installed() {
        TestDatabase database = Scene.installed(server(), GRACE_MS);
        database.execute(read("roles.sql"));
        return database;
    }

    /** A role that may log in and is a member of this one; of none where that is empty. */
    static TestRole member(TestDatabase database, String of) {
        TestRole role = database.createRole();
        if (!of.isEmpty()) {
            database.execute("GRANT " + of + " TO " + role.name());
        }
        return role;
    }

    private static String read(String file) {
        try (InputStream in = SecureServer.class.getResourceAsStream("/io/latchkey/sql/" + file)) {
            if (in == null) {
                throw new IllegalStateException("There is no " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
