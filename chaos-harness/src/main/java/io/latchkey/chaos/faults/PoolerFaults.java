package io.latchkey.chaos.faults;

import static java.util.Objects.requireNonNull;

import io.latchkey.testkit.PgBouncer;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** PgBouncer in transaction mode, in front of the database for one worker, dies or stands still. */
final class PoolerFaults {
    private PoolerFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("pgbouncer-kill", Need.POOLER, PoolerFaults::kill),
                new FaultKind("pgbouncer-pause", Need.POOLER, PoolerFaults::pause));
    }

    private static Fault kill(World world, SplittableRandom random) {
        long ms = random.nextBoolean() ? 0 : random.nextInt(100, 2_500);
        return trouble(
                "pgbouncer-kill",
                "kill -9 of the PgBouncer of worker " + Pooler.POOLED + ", back after " + ms + " ms",
                ms,
                w -> pgBouncer(w).kill(),
                w -> {
                    if (!pgBouncer(w).isRunning()) {
                        pgBouncer(w).startAgain();
                    }
                });
    }

    private static Fault pause(World world, SplittableRandom random) {
        long ms = random.nextLong(300, world.sessionTimeout().toMillis() * 2);
        return trouble(
                "pgbouncer-pause",
                "the PgBouncer of worker " + Pooler.POOLED + " stands still (SIGSTOP) for " + ms + " ms",
                ms,
                w -> pgBouncer(w).pause(),
                w -> pgBouncer(w).resume());
    }

    private static Fault trouble(String name, String what, long ms, Trouble.Action inject, Trouble.Action heal) {
        return new Trouble(name, what, Set.of("network " + Pooler.POOLED, "worker " + Pooler.POOLED), ms, inject, heal)
                .of(Pooler.POOLED);
    }

    private static PgBouncer pgBouncer(World world) {
        return requireNonNull(world.cluster().pooler()).pgBouncer();
    }
}
