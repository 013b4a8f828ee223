package io.latchkey.chaos.faults;

import io.latchkey.chaos.faults.Trouble.Action;
import io.latchkey.testkit.CrashableServer;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** The server goes down, stands still, or is replaced. */
final class ServerFaults {
    /** Whatever changes the server, or needs it to be there. */
    static final String SERVER = "server";

    private ServerFaults() {}

    static List<FaultKind> all() {
        return List.of(
                kind("server-kill", "kill -9 of the server", CrashableServer::crash),
                kind("server-kill-unflushed", "kill -9 of the server, whose log had not been flushed", server -> {
                    server.holdFlushes();
                    Thread.sleep(300);
                    server.crash();
                }),
                kind("server-stop-immediate", "immediate stop of the server", CrashableServer::stopImmediately),
                kind("server-restart", "clean restart of the server", CrashableServer::stop),
                new FaultKind("backend-kill", (world, random) -> backendKill()),
                new FaultKind("server-pause", ServerFaults::pause),
                new FaultKind(
                        "failover",
                        (world, random) -> failover("failover", "the server dies, a standby is promoted", false)),
                new FaultKind(
                        "failover-lagging",
                        (world, random) -> failover(
                                        "failover-lagging",
                                        "the server dies, a standby is promoted that lacks the last commits",
                                        true)
                                .losing()));
    }

    private interface Down {
        void run(CrashableServer server) throws Exception;
    }

    private static FaultKind kind(String name, String what, Down down) {
        return new FaultKind(
                name,
                (world, random) -> new Trouble(
                                name,
                                what,
                                Set.of(SERVER),
                                random.nextInt(3) == 0 ? random.nextInt(200, 1_500) : 0,
                                w -> down.run(w.cluster().primary()),
                                w -> w.cluster().primary().startAgain())
                        .settlesIn(3));
    }

    /** One backend of a worker is killed: the server ends all others and recovers. */
    private static Trouble backendKill() {
        Action kill = world -> {
            Cluster cluster = world.cluster();
            cluster.primary()
                    .killBackend(cluster.number("SELECT pid FROM pg_stat_activity WHERE usename = '"
                            + cluster.role().name() + "' ORDER BY random() LIMIT 1"));
        };
        return new Trouble("backend-kill", "kill -9 of one backend", Set.of(SERVER), 0, kill, world -> {}).settlesIn(3);
    }

    private static Fault pause(World world, SplittableRandom random) {
        long ms = random.nextLong(300, world.sessionTimeout().toMillis() * 3 / 2);
        return new Trouble(
                        "server-pause",
                        "the server stands still (SIGSTOP) for " + ms + " ms",
                        Set.of(SERVER),
                        ms,
                        w -> w.cluster().primary().pause(),
                        w -> w.cluster().primary().resume())
                .settlesIn(3);
    }

    private static Trouble failover(String name, String what, boolean lagging) {
        return new Trouble(
                        name, what, Set.of(SERVER), 0, world -> world.cluster().failOver(world, lagging), world -> {})
                .settlesIn(3);
    }
}
