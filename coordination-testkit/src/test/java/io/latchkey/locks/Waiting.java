package io.latchkey.locks;

import static org.awaitility.Awaitility.await;

import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;

/** Looks at the queues, as an operator would. */
final class Waiting {
    private Waiting() {}

    /** Until so many wait for this lock. */
    static void awaitWaiters(TestDatabase database, String lock, int count) {
        await().atMost(Duration.ofSeconds(20)).until(() -> waiters(database, lock) == count);
    }

    static long waiters(TestDatabase database, String lock) throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement query =
                        connection.prepareStatement("SELECT count(*) FROM latchkey.waiters WHERE name = ?")) {
            query.setString(1, lock);
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
