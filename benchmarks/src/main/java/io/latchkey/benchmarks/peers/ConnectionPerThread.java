package io.latchkey.benchmarks.peers;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A client of a floor: each thread has a connection of its own, with its statements prepared. */
abstract class ConnectionPerThread<S> implements LockClient {
    private final String url;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final ThreadLocal<S> statements = ThreadLocal.withInitial(this::open);

    ConnectionPerThread(String url) {
        this.url = url + (url.contains("?") ? "&" : "?") + "prepareThreshold=1";
    }

    /** Prepares what a thread needs on its connection. */
    abstract S prepare(Connection connection) throws SQLException;

    final S statements() {
        return statements.get();
    }

    private S open() {
        try {
            Connection connection = DriverManager.getConnection(url);
            connections.add(connection);
            return prepare(connection);
        } catch (SQLException e) {
            throw new IllegalStateException("a floor does not connect: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
    }
}
