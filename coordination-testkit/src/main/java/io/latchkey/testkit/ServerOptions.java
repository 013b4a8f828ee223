package io.latchkey.testkit;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What kind of server to start, and in which surroundings. Immutable.
 *
 * @param source an embedded major version ({@code "15"} to {@code "18"}), {@code "local"}, or a {@code bin} directory
 * @param settings lines of {@code postgresql.conf}, which win over the ones the testkit chooses
 * @param network where it listens; null: on the loopback address
 * @param clock what time it believes it is; null: that of the machine
 * @param dataDisk where its files are; null: in the directory for temporary files
 * @param logDisk where its write-ahead log is; null: with its other files
 */
public record ServerOptions(
        String source,
        Map<String, String> settings,
        @Nullable NetworkNamespace network,
        @Nullable FakeClock clock,
        @Nullable SmallDisk dataDisk,
        @Nullable SmallDisk logDisk) {
    public ServerOptions {
        requireNonNull(source);
        settings = Map.copyOf(settings);
    }

    /** A server in ordinary surroundings. */
    public ServerOptions(String source, Map<String, String> settings) {
        this(source, settings, null, null, null, null);
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
        return new ServerOptions(Integer.toString(version), settings, network, clock, dataDisk, logDisk);
    }

    /** The same with one more line of {@code postgresql.conf}. */
    public ServerOptions setting(String name, String value) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put(name, value);
        return new ServerOptions(source, all, network, clock, dataDisk, logDisk);
    }

    /** The same as a machine of its own on the network; see {@link NetworkNamespace} for how to reach it. */
    public ServerOptions in(NetworkNamespace namespace) {
        return new ServerOptions(source, settings, namespace, clock, dataDisk, logDisk);
    }

    /** The same with this clock. */
    public ServerOptions by(FakeClock fake) {
        return new ServerOptions(source, settings, network, fake, dataDisk, logDisk);
    }

    /** The same with all its files on this disk. Of such a server no standby can be made. */
    public ServerOptions dataOn(SmallDisk disk) {
        return new ServerOptions(source, settings, network, clock, disk, logDisk);
    }

    /** The same with its write-ahead log on this disk, and that of its standbys. */
    public ServerOptions logOn(SmallDisk disk) {
        return new ServerOptions(source, settings, network, clock, dataDisk, disk);
    }
}
