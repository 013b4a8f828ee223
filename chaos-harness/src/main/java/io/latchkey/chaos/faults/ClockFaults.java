package io.latchkey.chaos.faults;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Wall clocks that are hours off. What is not promised is not done (docs/guarantees.md, C and E): the server's clock jumps forward only
 * while the server is down after a crash, so that the grace period outlasts what ends too early; and it goes back only to what is
 * ahead of all that it has shown before its last crash, and is ahead of all that it has shown when it starts after the next one.
 */
final class ClockFaults {
    /** The worker that has a clock of its own. */
    static final int CLOCKED = 1;

    private static final Duration MORE = Duration.ofHours(1);

    private ClockFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("server-clock-ahead", Need.SERVER_CLOCK, ClockFaults::serverAhead),
                new FaultKind("server-clock-back", Need.SERVER_CLOCK, ClockFaults::serverBack),
                new FaultKind("worker-clock", Need.WORKER_CLOCK, ClockFaults::worker));
    }

    private static Fault serverAhead(World world, SplittableRandom random) {
        Duration by = Duration.ofMinutes(random.nextInt(1, 300));
        return new Trouble(
                        "server-clock-ahead",
                        "kill -9 of the server, and when it starts its clock is " + minutes(by) + " ahead",
                        Set.of(ServerFaults.SERVER),
                        0,
                        w -> crashAndForward(w, by),
                        w -> w.cluster().revive())
                .settlesIn(3);
    }

    private static Fault serverBack(World world, SplittableRandom random) {
        Duration by = Duration.ofMinutes(random.nextInt(1, 300));
        long ms = random.nextLong(300, world.sessionTimeout().toMillis() * 2);
        return new Trouble(
                        "server-clock-back",
                        "kill -9 of the server, its clock is ahead, then goes back by " + minutes(by) + " for " + ms
                                + " ms, then the same once more",
                        Set.of(ServerFaults.SERVER),
                        ms,
                        w -> {
                            clock(w).setSeenToJump(true);
                            crashAndForward(w, by.plus(MORE));
                            w.cluster().revive();
                            Thread.sleep(
                                    w.sessionTimeout().plusMillis(500).toMillis()); // the grace period, and some grants
                            clock(w).back(by);
                        },
                        w -> {
                            clock(w).setSeenToJump(false);
                            crashAndForward(w, MORE);
                            w.cluster().revive();
                        })
                .settlesIn(3);
    }

    /** It stays off until the next time. */
    private static Fault worker(World world, SplittableRandom random) {
        Duration by = Duration.ofMinutes(random.nextInt(-300, 300));
        return new Trouble(
                        "worker-clock",
                        "the wall clock of worker " + CLOCKED + " is off by " + minutes(by),
                        WorkerFaults.parts(CLOCKED),
                        0,
                        w -> requireNonNull(w.cluster().surroundings().workerClock())
                                .set(by),
                        w -> {})
                .of(CLOCKED);
    }

    private static void crashAndForward(World world, Duration by) {
        world.cluster().primary().crash();
        clock(world).forward(by);
    }

    private static ServerClock clock(World world) {
        return requireNonNull(world.cluster().surroundings().serverClock());
    }

    private static String minutes(Duration by) {
        return by.toMinutes() + " minutes";
    }
}
