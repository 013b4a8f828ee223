package io.latchkey.speed;

import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;

/** What nobody can beat with two round trips: take and give back as two bare single-row updates, without a flush. */
final class Floor implements AutoCloseable {
    private final Connection connection;
    private final PreparedStatement take;
    private final PreparedStatement giveBack;
    private final UUID owner = UUID.randomUUID();

    static void create(TestDatabase database, int rows) {
        database.execute("CREATE TABLE floor (name text COLLATE \"C\" PRIMARY KEY, token bigint NOT NULL, owner uuid,"
                + " granted_at timestamptz) WITH (fillfactor = 50)");
        database.execute("INSERT INTO floor SELECT 'k' || g, 0 FROM generate_series(0, " + (rows - 1) + ") g");
    }

    Floor(TestDatabase database) throws SQLException {
        connection = database.address().withParameter("prepareThreshold", "1").connect();
        connection.createStatement().execute("SET synchronous_commit = off");
        take = connection.prepareStatement(
                "UPDATE floor SET owner = ?, token = token + 1, granted_at = clock_timestamp() WHERE name = ? AND owner IS NULL");
        giveBack = connection.prepareStatement("UPDATE floor SET owner = NULL WHERE name = ? AND owner = ?");
    }

    void pair(String name) throws SQLException {
        take.setObject(1, owner);
        take.setString(2, name);
        giveBack.setString(1, name);
        giveBack.setObject(2, owner);
        if (take.executeUpdate() != 1 || giveBack.executeUpdate() != 1) {
            throw new IllegalStateException("the floor gives way: " + name);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
