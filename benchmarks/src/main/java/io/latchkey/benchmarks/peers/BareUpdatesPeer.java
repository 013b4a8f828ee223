package io.latchkey.benchmarks.peers;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/** What nobody can beat with two round trips: take and give back as two bare single-row updates. It cannot wait. */
final class BareUpdatesPeer implements Peer {
    private static final String TAKE =
            "UPDATE floor SET owner = ?, token = token + 1, granted_at = clock_timestamp() WHERE name = ? AND owner IS NULL";
    private static final String GIVE_BACK = "UPDATE floor SET owner = NULL WHERE name = ? AND owner = ?";

    private final String url;
    private final boolean flushed;

    BareUpdatesPeer(String url, boolean flushed) {
        this.url = url;
        this.flushed = flushed;
    }

    @Override
    public LockClient connect(ClientOptions options) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS floor (name text COLLATE \"C\" PRIMARY KEY, token bigint NOT"
                    + " NULL, owner uuid, granted_at timestamptz) WITH (fillfactor = 50)");
        }
        return new Client(url, flushed);
    }

    private record Statements(UUID owner, PreparedStatement take, PreparedStatement giveBack, PreparedStatement add) {}

    private static final class Client extends ConnectionPerThread<Statements> {
        private final boolean flushed;

        Client(String url, boolean flushed) {
            super(url);
            this.flushed = flushed;
        }

        @Override
        Statements prepare(Connection connection) throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SET synchronous_commit = " + (flushed ? "on" : "off"));
                // For a table of a page or two PostgreSQL plans to read all of it, which is no floor.
                statement.execute("SET enable_seqscan = off");
            }
            return new Statements(
                    UUID.randomUUID(),
                    connection.prepareStatement(TAKE),
                    connection.prepareStatement(GIVE_BACK),
                    connection.prepareStatement("INSERT INTO floor VALUES (?, 0) ON CONFLICT DO NOTHING"));
        }

        @Override
        public Held lock(String name) throws SQLException {
            Statements mine = statements();
            mine.take.setObject(1, mine.owner);
            mine.take.setString(2, name);
            if (mine.take.executeUpdate() == 0) { // the first time
                mine.add.setString(1, name);
                mine.add.executeUpdate();
                requireOne(mine.take.executeUpdate(), name);
            }
            return () -> {
                mine.giveBack.setString(1, name);
                mine.giveBack.setObject(2, mine.owner);
                requireOne(mine.giveBack.executeUpdate(), name);
            };
        }

        private static void requireOne(int rows, String name) {
            if (rows != 1) {
                throw new IllegalStateException("the floor gives way: " + name);
            }
        }
    }
}
