package io.latchkey.benchmarks.peers;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** PostgreSQL's own lock of a session: in memory, gone with its connection, no lease and no token. */
record AdvisoryLockPeer(String url) implements Peer {
    @Override
    public LockClient connect(ClientOptions options) {
        return new Client(url);
    }

    private record Statements(PreparedStatement lock, PreparedStatement unlock) {}

    private static final class Client extends ConnectionPerThread<Statements> {
        Client(String url) {
            super(url);
        }

        @Override
        Statements prepare(Connection connection) throws SQLException {
            return new Statements(
                    connection.prepareStatement("SELECT pg_advisory_lock(hashtextextended(?, 0))"),
                    connection.prepareStatement("SELECT pg_advisory_unlock(hashtextextended(?, 0))"));
        }

        @Override
        public Held lock(String name) throws SQLException {
            Statements mine = statements();
            mine.lock.setString(1, name);
            mine.lock.executeQuery().close();
            return () -> {
                mine.unlock.setString(1, name);
                mine.unlock.executeQuery().close();
            };
        }
    }
}
