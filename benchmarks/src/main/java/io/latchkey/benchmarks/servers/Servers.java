package io.latchkey.benchmarks.servers;

import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The servers of a run, each started when it is first needed. */
public final class Servers implements AutoCloseable {
    private final Map<ServerKind, Server> running = new EnumMap<>(ServerKind.class);

    /**
     * A server of this kind.
     *
     * @throws MissingException if it is not on this machine
     */
    public Server get(ServerKind kind) throws IOException {
        Server server = running.get(kind);
        if (server == null) {
            server = kind.start();
            running.put(kind, server);
        }
        return server;
    }

    /** PostgreSQL. */
    public PostgresBackend postgres() throws IOException {
        return (PostgresBackend) get(ServerKind.POSTGRES);
    }

    /** Name and version of each that runs. */
    public String versions() {
        return running.values().stream().map(Server::version).collect(Collectors.joining(", "));
    }

    /** Stops what was started. */
    @Override
    public void close() {
        running.values().forEach(Server::close);
        running.clear();
    }
}
