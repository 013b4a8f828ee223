package io.latchkey.examples.demo;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.SchemaMode;
import io.latchkey.testkit.ParentChannel;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** One of the processes: takes the lock, writes a row under it, gives it back, again and again. */
final class WorkerMain {
    private final String name;
    private final ParentChannel parent;
    private final Connection connection;
    private final Orders orders = new Orders();

    private WorkerMain(String name, ParentChannel parent, Connection connection) {
        this.name = name;
        this.parent = parent;
        this.connection = connection;
    }

    public static void main(String[] arguments) throws InterruptedException, SQLException {
        ParentChannel parent = ParentChannel.open();
        String url = parent.receive(); // not an argument: everybody can read those, and it may hold a password
        try (Latchkey latchkey = Latchkey.builder(url)
                        .holder(arguments[0])
                        .sessionTimeout(Story.LEASE)
                        .schema(SchemaMode.CHECK)
                        .connect();
                Connection connection = DriverManager.getConnection(url)) {
            connection.setAutoCommit(false);
            new WorkerMain(arguments[0], parent, connection).work(latchkey);
        }
    }

    private void work(Latchkey latchkey) throws InterruptedException, SQLException {
        orders.follow(parent);
        report(Report.Kind.READY, 0, "");
        while (orders.nextTurn()) {
            Lease lease = latchkey.lock(Story.LOCK).acquire();
            boolean holding = orders.mustHold();
            report(holding ? Report.Kind.HOLDING : Report.Kind.HELD, lease.fencingToken(), "");
            if (holding) {
                orders.awaitRelief(); // here it is killed, or stopped
            } else {
                Thread.sleep(orders.pace());
            }
            if (write(lease)) {
                Report released = report(Report.Kind.RELEASED, lease.fencingToken());
                lease.release();
                parent.send(released.line());
            }
        }
    }

    /** The guarded work: checked and written in one transaction. */
    private boolean write(Lease lease) throws SQLException {
        try {
            lease.fence(connection);
            insert(lease.fencingToken());
            return true;
        } catch (LeaseLostException e) {
            connection.rollback();
            report(Report.Kind.OVER, lease.fencingToken(), lease.isValid() ? "valid" : "invalid");
            writeAnyway(lease.fencingToken());
            return false;
        }
    }

    /** What a program would do that does not ask its lease. The database does not depend on its manners. */
    private void writeAnyway(long token) throws SQLException {
        try (PreparedStatement fence = connection.prepareStatement("SELECT latchkey.fence(?, ?)")) {
            fence.setString(1, Story.LOCK);
            fence.setLong(2, token);
            fence.execute();
            insert(token);
            report(Report.Kind.STALE, token, "");
        } catch (SQLException e) {
            connection.rollback();
            report(Report.Kind.REFUSED, token, e.getSQLState());
        }
    }

    private void insert(long token) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement(WorkTable.INSERT)) {
            insert.setString(1, name);
            insert.setLong(2, token);
            insert.executeUpdate();
        }
        connection.commit();
    }

    private void report(Report.Kind kind, long token, String text) {
        parent.send(new Report(name, kind, token, System.nanoTime(), text).line());
    }

    private Report report(Report.Kind kind, long token) {
        return new Report(name, kind, token, System.nanoTime(), "");
    }
}
