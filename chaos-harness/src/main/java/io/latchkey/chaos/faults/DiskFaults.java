package io.latchkey.chaos.faults;

import static java.util.Objects.requireNonNull;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.SmallDisk;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** The disk of the write-ahead log is full: PostgreSQL stops itself (PANIC) and cannot start before there is space. */
final class DiskFaults {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private DiskFaults() {}

    static List<FaultKind> all() {
        return List.of(new FaultKind("disk-full", Need.DISK, DiskFaults::full));
    }

    private static Fault full(World world, SplittableRandom random) {
        long ms = random.nextInt(0, 1_500);
        return new Trouble(
                        "disk-full",
                        "the disk of the server's log is full, until the server has stopped and for " + ms + " ms more",
                        Set.of(ServerFaults.SERVER),
                        ms,
                        w -> {
                            disk(w).fill();
                            awaitPanic(w.cluster());
                        },
                        w -> {
                            disk(w).empty();
                            CrashableServer server = w.cluster().primary();
                            if (server.isRunning()) {
                                server.crash();
                            }
                            server.startAgain();
                        })
                .settlesIn(3);
    }

    /** It has a few files left that it made before; each switch uses one up. */
    private static void awaitPanic(Cluster cluster) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (cluster.primary().isRunning()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("the server still runs");
            }
            try {
                cluster.execute("SELECT pg_logical_emit_message(false, 'chaos', ''); SELECT pg_switch_wal()");
            } catch (SQLException e) {
                Thread.sleep(50); // it is stopping
            }
        }
    }

    private static SmallDisk disk(World world) {
        return requireNonNull(world.cluster().surroundings().disk());
    }
}
