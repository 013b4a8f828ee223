package io.latchkey.chaos.worker;

import io.latchkey.CoordinationException;
import io.latchkey.chaos.history.Event.Kind;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Writes that leases guard, on a connection of the application's own. For one thread. */
final class GuardedTable implements AutoCloseable {
    private static final String WRITE = """
            WITH next AS (
                UPDATE chaos.register r SET place = r.place + 1 WHERE r.resource = ? RETURNING r.place)
            INSERT INTO chaos.written (id, resource, token, place)
            SELECT ?, ?, ?, n.place FROM next n""";

    private final String url;
    private @Nullable Connection connection;

    GuardedTable(String url) {
        this.url = url;
    }

    /**
     * Fence, write, think, commit. A database that cannot be reached is no surprise here.
     *
     * @param beforeCommit run after the write
     */
    void write(Op op, Held held, Runnable beforeCommit, long thinkNanos) {
        long id = ThreadLocalRandom.current().nextLong();
        boolean fenced = false;
        boolean committing = false;
        try {
            Connection open = open();
            held.fence(open);
            op.write(Kind.FENCED, id);
            fenced = true;
            try (PreparedStatement statement = open.prepareStatement(WRITE)) {
                statement.setInt(1, op.resource().id());
                statement.setLong(2, id);
                statement.setInt(3, op.resource().id());
                statement.setLong(4, held.token());
                statement.executeUpdate();
            }
            beforeCommit.run();
            if (thinkNanos > TimeUnit.MICROSECONDS.toNanos(10)) {
                LockSupport.parkNanos(thinkNanos);
            }
            op.write(Kind.COMMITTING, id);
            committing = true;
            open.commit();
            op.write(Kind.COMMITTED, id);
        } catch (SQLException | CoordinationException e) {
            if (fenced && !committing) {
                op.write(Kind.ROLLED_BACK, id);
            }
            close(); // the connection may be broken, and its transaction open
        }
    }

    private Connection open() throws SQLException {
        Connection open = connection;
        if (open == null || open.isClosed()) {
            open = DriverManager.getConnection(url);
            connection = open;
            open.setAutoCommit(false);
        }
        return open;
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        try {
            if (open != null) {
                open.close(); // and the server rolls back
            }
        } catch (SQLException e) {
            // Broken, and closed enough.
        }
    }
}
