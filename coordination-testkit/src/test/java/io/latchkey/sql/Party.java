package io.latchkey.sql;

import static org.awaitility.Awaitility.await;

import io.latchkey.testkit.DatabaseAddress;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One connection, perhaps with a session of Latchkey, moved step by step. Its calls fail after some seconds instead of
 * waiting for ever.
 */
final class Party implements AutoCloseable {
    private final Connection connection;
    private final long pid;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "party");
        made.setDaemon(true);
        return made;
    });

    /** The id of its session; random and unknown to the server until {@link #open}. */
    UUID session = UUID.randomUUID();

    Party(DatabaseAddress where) {
        try {
            connection = where.connect();
            execute("SET statement_timeout = '8s'");
            pid = Long.parseLong(ask("SELECT pg_backend_pid()"));
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }

    Connection connection() {
        return connection;
    }

    // Transactions

    void begin() throws SQLException {
        connection.setAutoCommit(false);
    }

    void commit() throws SQLException {
        connection.commit();
        connection.setAutoCommit(true);
    }

    void rollback() throws SQLException {
        connection.rollback();
        connection.setAutoCommit(true);
    }

    // Any SQL

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }

    /** The first column of the first row as text; "null" for NULL, "none" if there is no row. */
    String ask(String sql, @Nullable Object... arguments) throws SQLException {
        try (PreparedStatement statement = prepare(sql, arguments);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? String.valueOf(row.getString(1)) : "none";
        }
    }

    boolean is(String condition, @Nullable Object... arguments) throws SQLException {
        return ask("SELECT " + condition, arguments).equals("t");
    }

    Array texts(String... values) throws SQLException {
        return connection.createArrayOf("text", values);
    }

    Array numbers(@Nullable Long... values) throws SQLException {
        return connection.createArrayOf("bigint", values);
    }

    // The calls of the API

    Party open(String holder, int timeoutMs) throws SQLException {
        ask("SELECT session FROM latchkey.open_session(?, ?, ?, ?)", holder, timeoutMs, null, session);
        return this;
    }

    Reply acquire(String name, long request) throws SQLException {
        return reply("latchkey.acquire_lock(?, ?, ?, true)", session, name, request);
    }

    Reply tryAcquire(String name, long request) throws SQLException {
        return reply("latchkey.acquire_lock(?, ?, ?, false)", session, name, request);
    }

    Reply acquireTimed(String name, long request, boolean wait, long atMostMs, long atLeastMs) throws SQLException {
        return reply(
                "latchkey.acquire_timed(?, ?, ?, ?, ?, ?, 'timed holder')",
                session,
                name,
                request,
                wait,
                atMostMs,
                atLeastMs);
    }

    Reply extendTimed(String name, long token, long request, long atMostMs) throws SQLException {
        return reply("latchkey.extend_timed(?, ?, ?, ?, 0)", name, token, request, atMostMs);
    }

    String releaseTimed(String name, long token, long request) throws SQLException {
        return reply("latchkey.release_timed(?, ?, ?)", name, token, request).outcome();
    }

    String release(String name, long token) throws SQLException {
        return reply("latchkey.release_lock(?, ?, ?)", session, name, token).outcome();
    }

    String releaseWanted(String name, long token) throws SQLException {
        return reply("latchkey.release_wanted(?, ?, ?)", session, name, token).outcome();
    }

    String withdraw(String name, long request) throws SQLException {
        return reply("latchkey.withdraw_request(?, ?, ?)", session, name, request)
                .outcome();
    }

    Reply read(String name, long request) throws SQLException {
        return reply("latchkey.acquire_shared(?, ?, ?, true)", session, name, request);
    }

    Reply tryRead(String name, long request) throws SQLException {
        return reply("latchkey.acquire_shared(?, ?, ?, false)", session, name, request);
    }

    Reply permits(String name, long request, int weight, int of) throws SQLException {
        return reply("latchkey.acquire_shared(?, ?, ?, true, ?, ?)", session, name, request, weight, of);
    }

    Reply tryPermits(String name, long request, int weight, int of) throws SQLException {
        return reply("latchkey.acquire_shared(?, ?, ?, false, ?, ?)", session, name, request, weight, of);
    }

    /** Gives a share back. */
    String giveBack(String name, long token) throws SQLException {
        return reply("latchkey.release_shared(?, ?, ?)", session, name, token).outcome();
    }

    Reply downgrade(String name, long token, long request) throws SQLException {
        return reply("latchkey.downgrade_lock(?, ?, ?, ?)", session, name, token, request);
    }

    Reply upgrade(String name, long token, long request) throws SQLException {
        return reply("latchkey.upgrade_lock(?, ?, ?, ?)", session, name, token, request);
    }

    String setPermits(String name, int permits) throws SQLException {
        return reply("latchkey.set_permits(?, ?)", name, permits).outcome();
    }

    String settle(String name) throws SQLException {
        return ask("SELECT latchkey.settle_lock(?)", name);
    }

    String renew() throws SQLException {
        return ask("SELECT outcome FROM latchkey.renew_session(?)", session);
    }

    /** Outcomes of a batch, joined with spaces. */
    String batch(Array calls, Array names, Array numbers) throws SQLException {
        return ask(
                "SELECT string_agg((r::latchkey.reply).outcome, ' ' ORDER BY place)"
                        + " FROM pg_catalog.unnest(latchkey.run_batch(?, ?, ?, ?)) WITH ORDINALITY u (r, place)",
                session,
                calls,
                names,
                numbers);
    }

    /** What run_uncontended answers, as PostgreSQL prints an array. */
    String uncontended(Array names, Array requests, Array tokens) throws SQLException {
        return ask("SELECT latchkey.run_uncontended(?, ?, ?, ?)", session, names, requests, tokens);
    }

    /** Tries locks with the requests 101, 102 and so on. */
    String uncontended(String... names) throws SQLException {
        Long[] requests = new Long[names.length];
        Arrays.setAll(requests, i -> 101L + i);
        return uncontended(texts(names), numbers(requests), numbers());
    }

    boolean close(@Nullable Array names) throws SQLException {
        return ask("SELECT latchkey.close_session(?, ?)", session, names).equals("t");
    }

    void fence(String name, long token) throws SQLException {
        ask("SELECT latchkey.fence(?, ?)", name, token);
    }

    // Steps that wait

    /** A call of this party. */
    @FunctionalInterface
    interface Call<T> {
        T run(Party party) throws SQLException;
    }

    /** A call that waits for somebody's row. */
    record Blocked<T>(Future<T> answer) {
        T result() throws SQLException {
            try {
                return answer.get(10, TimeUnit.SECONDS);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof SQLException cause) {
                    throw cause;
                }
                throw new IllegalStateException(e.getCause());
            } catch (InterruptedException | TimeoutException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Starts the call, and returns when the server says that it waits for a lock. */
    <T> Blocked<T> block(Party observer, Call<T> call) {
        Future<T> answer = start(call);
        await().pollInterval(Duration.ofMillis(5)).atMost(Duration.ofSeconds(7)).until(() -> {
            if (answer.isDone()) {
                throw new IllegalStateException("It did not wait, but answered " + new Blocked<>(answer).result());
            }
            return observer.is("wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = ?", pid);
        });
        return new Blocked<>(answer);
    }

    /** Starts the call on this party's thread. */
    <T> Future<T> start(Call<T> call) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        thread.execute(() -> {
            try {
                answer.complete(call.run(this));
            } catch (SQLException | RuntimeException | AssertionError e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    @Override
    public void close() throws SQLException {
        thread.shutdownNow();
        connection.close();
    }

    private Reply reply(String call, @Nullable Object... arguments) throws SQLException {
        try (PreparedStatement statement = prepare(
                        "SELECT (r).outcome, (r).token, (r).retry_ms FROM (SELECT " + call + "::latchkey.reply AS r) q",
                        arguments);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return new Reply(row.getString(1), row.getObject(2, Long.class), row.getObject(3, Long.class));
        }
    }

    private PreparedStatement prepare(String sql, @Nullable Object... arguments) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql);
        for (int i = 0; i < arguments.length; i++) {
            statement.setObject(i + 1, arguments[i]);
        }
        return statement;
    }

    @Override
    public String toString() {
        return "Party" + Arrays.asList(pid, session);
    }
}
