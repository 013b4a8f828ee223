package io.latchkey.faults;

import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.Lease;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What the tests of crashes and faults have in common. */
public final class Scene {
    /** Long enough for anything that will happen at all. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private Scene() {}

    /** A database with the schema, and with a grace period of this length. */
    public static TestDatabase installed(PostgresServer server, int graceMs) {
        TestDatabase database = server.database();
        try {
            client(database.url(), "installer", 500).connect().close();
            database.execute("UPDATE latchkey._setting SET grace_ms = " + graceMs);
            return database;
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
    }

    /** New connections go on with a statement although their client has given up, as on systems where a server cannot look. */
    public static void ignoreClientsEnd(TestDatabase database) {
        database.execute("ALTER DATABASE " + database.name() + " SET client_connection_check_interval = '1h'");
    }

    /** Empties all unlogged tables at once, as a crash does; again if it got in the way of a client's call. */
    public static void loseUnlogged(TestDatabase database) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .ignoreExceptionsMatching(Scene::isDeadlock)
                .until(() -> {
                    database.execute("""
                    DO $$ BEGIN
                        EXECUTE (SELECT 'TRUNCATE ' || string_agg(c.oid::regclass::text, ', ') FROM pg_class c
                                  WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'u');
                    END $$""");
                    return true;
                });
    }

    private static boolean isDeadlock(Throwable failure) {
        return failure.getCause() instanceof SQLException e && "40P01".equals(e.getSQLState());
    }

    /** A client with a short session. */
    public static LatchkeyBuilder client(String url, String holder, int timeoutMs) {
        return Latchkey.builder(url).holder(holder).sessionTimeout(Duration.ofMillis(timeoutMs));
    }

    /** The first column of the first row as text, or {@code "none"}. */
    public static String text(DatabaseAddress where, String sql) {
        try (Connection connection = where.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            return rows.next() ? String.valueOf(rows.getString(1)) : "none";
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }

    /** The same as a number. */
    public static long number(DatabaseAddress where, String sql) {
        return Long.parseLong(text(where, sql));
    }

    /** Waits until so many calls stand in the queue of this lock, or of all locks where the name is {@code "%"}. */
    public static void awaitWaiting(DatabaseAddress where, String lock, int count) {
        eventually(() ->
                number(where, "SELECT count(*) FROM latchkey._waiter WHERE token IS NULL AND name LIKE '" + lock + "'")
                        == count);
    }

    /** Waits for a condition. */
    public static void eventually(Callable<Boolean> condition) {
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    /** The lease that was waited for. */
    public static Lease granted(CompletableFuture<Lease> waiter) {
        try {
            return waiter.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("not granted within " + PATIENCE, e);
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    /** Milliseconds since a moment of {@link System#nanoTime()}. */
    public static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }
}
