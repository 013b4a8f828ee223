package io.latchkey.curator.differential;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.retry.RetryNTimes;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.sql.SQLException;

/** Latchkey, with a database of its own. */
final class Postgres implements Stage.Backend, AutoCloseable {
    private static final String PARTICIPANTS = """
            SELECT (SELECT count(*) FROM latchkey.locks WHERE name LIKE ?) +
                   (SELECT count(*) FROM latchkey.waiters WHERE name LIKE ?)
            """;

    private final TestDatabase database = PostgresServer.shared().database();

    @Override
    public TcpProxy network() {
        return TcpProxy.to(database.address());
    }

    @Override
    public CuratorFramework client(int port) {
        return CuratorFrameworkFactory.builder()
                .connectString(database.address().withPort(port).url())
                .sessionTimeoutMs(Stage.SESSION_MS)
                .connectionTimeoutMs(1_000)
                .retryPolicy(new RetryNTimes(3, 100))
                .build();
    }

    @Override
    public int participants(String path) throws SQLException {
        try (var connection = database.connect();
                var statement = connection.prepareStatement(PARTICIPANTS)) {
            statement.setString(1, "%" + path);
            statement.setString(2, "%" + path);
            try (var row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        }
    }

    @Override
    public void close() {
        database.close();
    }
}
