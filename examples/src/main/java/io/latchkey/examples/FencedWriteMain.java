package io.latchkey.examples;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** What is written behind a fence is safe from pauses, partitions and failovers: the database checks the token itself. */
public final class FencedWriteMain {
    private FencedWriteMain() {}

    /**
     * Writes under a lock.
     *
     * @param arguments a JDBC URL
     */
    public static void main(String[] arguments) throws InterruptedException, SQLException {
        try (Latchkey latchkey = Latchkey.connect(arguments[0]);
                Connection connection = DriverManager.getConnection(arguments[0]);
                Statement statement = connection.createStatement();
                Lease lease = latchkey.lock("report").acquire()) {
            connection.setAutoCommit(false);
            lease.fence(connection); // LeaseLostException if the lease is not current: then roll back
            statement.execute("CREATE TEMPORARY TABLE report (line text)");
            statement.execute("INSERT INTO report VALUES ('written by the only holder')");
            connection.commit(); // until here nobody else can have been granted the lock
            System.out.println("Written under token " + lease.fencingToken());
        }
    }
}
