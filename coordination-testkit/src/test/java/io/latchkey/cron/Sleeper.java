package io.latchkey.cron;

import io.latchkey.testkit.DatabaseAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** One who waits for a lock and asks for nothing: it has a long session, listens, and does not even renew. */
final class Sleeper implements AutoCloseable {
    private static final long REQUEST = 0x1267;

    final UUID session = UUID.randomUUID();
    private final Connection connection;

    Sleeper(DatabaseAddress where, String lock) throws SQLException {
        connection = where.connect();
        call("SELECT session FROM latchkey.open_session('sleeper', 600000, 'sleeper', ?)", session);
        try (Statement statement = connection.createStatement()) {
            statement.execute("LISTEN sleeper");
        }
        String reply = call("SELECT latchkey.acquire_lock(?, '" + lock + "', " + REQUEST + ", true)", session);
        if (!reply.startsWith("(queued")) {
            throw new IllegalStateException(reply);
        }
    }

    private String call(String sql, UUID argument) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setObject(1, argument);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** Whether the notification of its grant arrives within this time. */
    boolean isWoken(Duration limit) throws SQLException {
        PGNotification[] arrived = connection.unwrap(PGConnection.class).getNotifications((int) limit.toMillis());
        return arrived != null
                && arrived.length == 1
                && arrived[0].getParameter().startsWith(Long.toHexString(REQUEST) + " ");
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
