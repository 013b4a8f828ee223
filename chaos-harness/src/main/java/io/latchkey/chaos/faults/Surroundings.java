package io.latchkey.chaos.faults;

import io.latchkey.testkit.FakeClock;
import io.latchkey.testkit.NetworkNamespace;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.SmallDisk;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * What is around the server and the workers of a run: as much as its faults need and this machine can have. Close it after the
 * cluster. For one thread.
 */
public final class Surroundings implements AutoCloseable {
    /** The logs of three servers: a primary, a standby, and the first one, whose files stay. */
    private static final int DISK_MEGABYTES = 400;

    private final Set<Need> needs;
    private final Map<Need, String> missing = new EnumMap<>(Need.class);
    private final @Nullable ServerClock serverClock;
    private final @Nullable FakeClock workerClock;
    private final @Nullable NetworkNamespace network;
    private final @Nullable SmallDisk disk;

    /** What these kinds need. */
    public Surroundings(List<FaultKind> kinds) {
        needs = kinds.stream().map(FaultKind::need).collect(Collectors.toSet());
        serverClock = provided(Need.SERVER_CLOCK, ServerClock::new);
        workerClock = provided(Need.WORKER_CLOCK, FakeClock::create);
        network = provided(Need.CABLE, NetworkNamespace::create);
        disk = provided(Need.DISK, () -> SmallDisk.ofMegabytes(DISK_MEGABYTES));
    }

    /** Makes it, if it is needed and can be had. What cannot is told of by {@link #missing}. */
    final <T> @Nullable T provided(Need need, Supplier<T> how) {
        try {
            return needs.contains(need) ? how.get() : null;
        } catch (TestAbortedException e) {
            missing.put(need, String.valueOf(e.getMessage()));
            return null;
        }
    }

    /** Those kinds whose needs are met. Ask when the cluster is there. */
    public List<FaultKind> possible(List<FaultKind> kinds) {
        return kinds.stream().filter(kind -> !missing.containsKey(kind.need())).toList();
    }

    /** A line for each kind that cannot be. */
    public List<String> missing(List<FaultKind> kinds) {
        return kinds.stream()
                .filter(kind -> missing.containsKey(kind.need()))
                .map(kind -> kind.name() + " is left out: " + missing.get(kind.need()))
                .toList();
    }

    ServerOptions around(ServerOptions options) {
        ServerOptions all = options;
        all = serverClock == null ? all : all.by(serverClock.fake());
        all = network == null ? all : all.in(network);
        return disk == null
                ? all
                : all.logOn(disk).setting("max_wal_size", "64MB").setting("wal_keep_size", "32MB");
    }

    @Nullable
    ServerClock serverClock() {
        return serverClock;
    }

    @Nullable
    FakeClock workerClock() {
        return workerClock;
    }

    @Nullable
    NetworkNamespace network() {
        return network;
    }

    @Nullable
    SmallDisk disk() {
        return disk;
    }

    @Override
    public void close() {
        close(disk);
        close(network);
        close(workerClock);
        close(serverClock == null ? null : serverClock.fake());
    }

    static void close(@Nullable AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            System.getLogger("io.latchkey.chaos").log(System.Logger.Level.WARNING, "not closed", e);
        }
    }
}
