package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.DatabaseAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Somebody with a connection, who sends SQL. */
final class Caller implements AutoCloseable {
    static final String FINE = "00000";
    static final String FORBIDDEN = "42501";

    private final Connection connection;
    /** Of the session that {@link #open} opens. */
    final UUID session = UUID.randomUUID();

    Caller(DatabaseAddress where) {
        try {
            connection = where.connect();
        } catch (SQLException e) {
            throw new IllegalStateException(where + ": " + e.getMessage(), e);
        }
    }

    Connection connection() {
        return connection;
    }

    /** Opens a session that outlives the test. */
    Caller open(String holder) throws SQLException {
        ask("SELECT session FROM latchkey.open_session(?, 600000, NULL, ?)", holder, session);
        return this;
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        }
    }

    /** The first column of the first row as text; "null" for NULL, "none" if there is no row. */
    String ask(String sql, @Nullable Object... arguments) throws SQLException {
        List<String> rows = rows(sql, arguments);
        return rows.isEmpty() ? "none" : rows.get(0);
    }

    /** The first column as text. */
    List<String> rows(String sql, @Nullable Object... arguments) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < arguments.length; i++) {
                statement.setObject(i + 1, arguments[i]);
            }
            List<String> values = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    values.add(String.valueOf(rows.getString(1)));
                }
            }
            return values;
        }
    }

    /** The SQLSTATE with which this ends; {@link #FINE} if it does not fail. */
    String stateOf(String sql) {
        try {
            execute(sql);
            return FINE;
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        }
    }

    /** Replaces a part of a function, which must be there. The database of the test does not live to use it again. */
    void sabotage(String function, String guard, String replacement) throws SQLException {
        String original = ask(
                "SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname = ?",
                function);
        assertThat(original).as("latchkey.%s", function).contains(guard);
        execute(original.replace(guard, replacement));
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
