package io.latchkey.testkit;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What kind of server to start. Immutable.
 *
 * @param source an embedded major version ({@code "15"} to {@code "18"}), {@code "local"}, or a {@code bin} directory
 * @param settings lines of {@code postgresql.conf}, which win over the ones the testkit chooses
 */
public record ServerOptions(String source, Map<String, String> settings) {
    public ServerOptions {
        requireNonNull(source);
        settings = Map.copyOf(settings);
    }

    /**
     * The binaries that {@code latchkey.postgres} names (see {@link PostgresServer}); the embedded default where it names
     * a container or a server by URL, because those cannot be crashed and copied.
     */
    public static ServerOptions defaults() {
        String configured = SharedServer.source();
        boolean binaries = !configured.startsWith("docker");
        return new ServerOptions(binaries ? configured : SharedServer.DEFAULT_SOURCE, Map.of());
    }

    /** The same from embedded binaries of this major version. */
    public ServerOptions major(int version) {
        return new ServerOptions(Integer.toString(version), settings);
    }

    /** The same with one more line of {@code postgresql.conf}. */
    public ServerOptions setting(String name, String value) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put(name, value);
        return new ServerOptions(source, all);
    }
}
