package io.latchkey.cron;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;

import io.latchkey.Reaper;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PgCronServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestRole;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** A server with pg_cron at home in the database {@code app}, which has the schema. */
final class CronServer implements AutoCloseable {
    final CrashableServer server;
    final DatabaseAddress app;

    private CronServer(CrashableServer server, DatabaseAddress app) {
        this.server = server;
        this.app = app;
    }

    /** Jobs of the older one log in over the network, as by default; jobs of the newer one are background workers. */
    static CronServer start(int major) {
        ServerOptions options = PgCronServer.options(major)
                .setting("cron.database_name", "app")
                .setting("cron.host", "127.0.0.1")
                .setting("cron.use_background_workers", major == PgCronServer.SECONDS ? "on" : "off");
        CrashableServer server = PostgresServer.start(options);
        CronServer cron = new CronServer(server, server.address().withDatabase("app"));
        try {
            execute(server.address(), "CREATE DATABASE app");
            cron.execute("CREATE EXTENSION pg_cron");
            cron.letIn("postgres, latchkey_reaper");
            cron.reset();
            return cron;
        } catch (RuntimeException e) {
            cron.close();
            throw e;
        }
    }

    /** These roles need no password; all others do. */
    void letIn(String roles) {
        execute("COPY (VALUES ('host all " + roles.replace(", ", ",") + " 127.0.0.1/32 trust'),"
                + " ('host all all 127.0.0.1/32 password'), ('host replication all 127.0.0.1/32 password')) TO '"
                + ask("SHOW hba_file") + "'");
        execute("SELECT pg_reload_conf()");
    }

    /** The schema as it is after its installation, and a pg_cron without jobs. */
    void reset() {
        execute("DELETE FROM cron.job");
        eventually(
                () -> { // a last run of the job may be under way, and win a deadlock
                    try {
                        execute("DROP SCHEMA IF EXISTS latchkey CASCADE");
                        return true;
                    } catch (IllegalStateException e) {
                        return false;
                    }
                });
        execute("DELETE FROM cron.job_run_details");
        client(app.url(), "installer", 500).reaper(Reaper.NONE).connect().close();
        execute("UPDATE latchkey._setting SET grace_ms = 1000");
    }

    void runRolesScript() {
        try (InputStream in = CronServer.class.getResourceAsStream("/io/latchkey/sql/roles.sql")) {
            execute(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A role that may take locks. */
    TestRole createClient(String name) {
        execute("DROP ROLE IF EXISTS " + name);
        execute("CREATE ROLE " + name + " LOGIN PASSWORD 'secret' IN ROLE latchkey_client");
        return new TestRole(name, "secret");
    }

    /** Replaces a part of a function, which must be there. The next {@link #reset()} repairs it. */
    void sabotage(String function, String guard, String replacement) {
        String original = ask("SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
                + " WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname = '" + function + "'");
        if (!original.contains(guard)) {
            throw new AssertionError("not in latchkey." + function + ": " + guard);
        }
        execute(original.replace(guard, replacement));
    }

    /** Waits until pg_cron is at work. */
    void awaitAtWork(DatabaseAddress where) {
        eventually(() -> text(where, "SELECT run_by FROM latchkey.reaper").equals("pg_cron"));
    }

    void execute(String sql) {
        execute(app, sql);
    }

    String ask(String sql) {
        return text(app, sql);
    }

    long count(String from) {
        return number(app, "SELECT count(*) FROM " + from);
    }

    @Override
    public void close() {
        server.close();
    }

    static void execute(DatabaseAddress where, String sql) {
        try (Connection connection = where.connect();
                Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }
}
