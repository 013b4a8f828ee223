package io.latchkey.chaos.faults;

import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** A process dies or stands still. */
final class WorkerFaults {
    private WorkerFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("worker-kill", WorkerFaults::kill),
                new FaultKind("worker-stop", WorkerFaults::stop),
                new FaultKind("worker-gc", WorkerFaults::collect));
    }

    /** Only for a client that was patched to have such a clock: the real one has none that can be set. */
    static FaultKind clockStep() {
        return new FaultKind("jvm-clock-step", (world, random) -> {
            int victim = choose(world, random);
            long ms = -random.nextLong(
                    world.sessionTimeout().toMillis(), world.sessionTimeout().toMillis() * 4);
            return new Trouble(
                            "jvm-clock-step",
                            "the clock of worker " + victim + " is set to " + ms + " ms",
                            parts(victim),
                            0,
                            w -> w.worker(victim).process().send("clock " + ms),
                            w -> {})
                    .of(victim);
        });
    }

    static int choose(World world, SplittableRandom random) {
        return random.nextInt(world.workers().size()) + 1;
    }

    static Set<String> parts(int worker) {
        return Set.of("worker " + worker);
    }

    private static Fault kill(World world, SplittableRandom random) {
        int victim = choose(world, random);
        return new Trouble(
                        "worker-kill",
                        "kill -9 of worker " + victim,
                        parts(victim),
                        random.nextInt(0, 800),
                        w -> w.worker(victim).kill(),
                        w -> w.worker(victim).startAgain())
                .settlesIn(4) // a JVM has to start
                .of(victim);
    }

    /** From shorter than a third of the session to much longer than all of it. */
    private static Fault stop(World world, SplittableRandom random) {
        int victim = choose(world, random);
        long ms = random.nextLong(200, world.sessionTimeout().toMillis() * 2);
        return new Trouble(
                        "worker-stop",
                        "worker " + victim + " stands still (SIGSTOP) for " + ms + " ms",
                        parts(victim),
                        ms,
                        w -> w.worker(victim).process().stop(),
                        w -> w.worker(victim).process().cont())
                .of(victim);
    }

    private static Fault collect(World world, SplittableRandom random) {
        int victim = choose(world, random);
        long ms = random.nextLong(500, world.sessionTimeout().toMillis() * 3 / 2);
        return new Trouble(
                        "worker-gc",
                        "worker " + victim + " collects garbage for " + ms + " ms",
                        parts(victim),
                        ms,
                        w -> w.worker(victim).process().send("gc " + ms),
                        w -> {})
                .of(victim);
    }
}
