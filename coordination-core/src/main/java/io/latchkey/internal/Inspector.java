package io.latchkey.internal;

import io.latchkey.Inspection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Reads the views, on a connection for calls. */
final class Inspector {
    /** Whoever looks must not keep a connection from those who lock. */
    private static final int TIMEOUT_SECONDS = 2;

    private Inspector() {}

    static Inspection read(Link link, int limit) throws SQLException {
        return new Inspection(
                now(link),
                rows(link, Sql.LOCKS, limit, Inspector::heldLock),
                rows(link, Sql.WAITERS, limit, Inspector::waiter),
                rows(link, Sql.SEMAPHORES, limit, Inspector::semaphore),
                rows(link, Sql.LEADERS, limit, Inspector::leader),
                rows(link, Sql.SESSIONS, limit, Inspector::session));
    }

    private static Instant now(Link link) throws SQLException {
        try (ResultSet row = link.statement(Sql.NOW).executeQuery()) {
            row.next();
            return instant(row, 1);
        }
    }

    private interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** The first column is the number of all rows, those beyond the limit included. */
    private static <T> Inspection.Rows<T> rows(Link link, String sql, int limit, RowReader<T> reader)
            throws SQLException {
        PreparedStatement statement = link.statement(sql);
        statement.setQueryTimeout(TIMEOUT_SECONDS);
        statement.setInt(1, limit);
        List<T> rows = new ArrayList<>();
        long total = 0;
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                total = row.getLong(1);
                rows.add(reader.read(row));
            }
        }
        return new Inspection.Rows<>(rows, total);
    }

    private static Inspection.HeldLock heldLock(ResultSet row) throws SQLException {
        return new Inspection.HeldLock(
                row.getString(2),
                row.getString(3),
                row.getLong(4),
                row.getString(5).equals("timed"),
                mode(row, 9),
                row.getInt(10),
                instant(row, 6),
                instant(row, 7),
                row.getLong(8));
    }

    private static Inspection.Waiter waiter(ResultSet row) throws SQLException {
        return new Inspection.Waiter(
                row.getString(2),
                row.getLong(3),
                row.getString(4),
                mode(row, 7),
                row.getInt(8),
                instant(row, 5),
                row.getString(6));
    }

    private static Inspection.Semaphore semaphore(ResultSet row) throws SQLException {
        return new Inspection.Semaphore(row.getString(2), row.getInt(3), row.getLong(4), row.getLong(5));
    }

    private static Inspection.Leader leader(ResultSet row) throws SQLException {
        return new Inspection.Leader(
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getString(8),
                row.getLong(5),
                instant(row, 6),
                row.getLong(7));
    }

    private static Inspection.Session session(ResultSet row) throws SQLException {
        return new Inspection.Session(
                row.getString(2), instant(row, 3), instant(row, 4), instant(row, 5), Duration.ofMillis(row.getLong(6)));
    }

    private static Inspection.Mode mode(ResultSet row, int column) throws SQLException {
        return Inspection.Mode.valueOf(row.getString(column).toUpperCase(Locale.ROOT));
    }

    private static Instant instant(ResultSet row, int column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }
}
