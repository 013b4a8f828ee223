package io.latchkey.shedlock;

import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** Looks at the database past the provider. */
final class LockRows {
    private LockRows() {}

    static boolean isLocked(TestDatabase database, String lock) {
        return !ask(database, "SELECT count(*) FROM latchkey.locks WHERE name = ?", lock)
                .equals("0");
    }

    /** The first column of the first row, as text. */
    static String ask(TestDatabase database, String sql, String... parameters) {
        try (Connection connection = database.connect()) {
            return ask(connection, sql, parameters);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    static String ask(Connection connection, String sql, String... parameters) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setString(i + 1, parameters[i]);
            }
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? String.valueOf(row.getString(1)) : "none";
            }
        }
    }
}
