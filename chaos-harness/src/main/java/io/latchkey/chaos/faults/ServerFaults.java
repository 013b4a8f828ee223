package io.latchkey.chaos.faults;

import io.latchkey.chaos.faults.Failover.Standby;
import io.latchkey.chaos.faults.Trouble.Action;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.StandbyServer;
import io.latchkey.testkit.TcpProxy;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

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
                failover("failover", "the server dies, a standby is promoted", Standby.CAUGHT_UP),
                failover(
                        "failover-synchronous",
                        "the server dies, a standby is promoted for which commits waited",
                        Standby.SYNCHRONOUS),
                failover(
                        "failover-lagging",
                        "the server dies, a standby is promoted that lacks the last commits",
                        Standby.LAGGING),
                new FaultKind("failover-cut", ServerFaults::failoverWithout),
                new FaultKind("standby-frozen", ServerFaults::frozenStandby));
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
                                w -> w.cluster().revive())
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
        return new Trouble(
                        "backend-kill",
                        "kill -9 of one backend",
                        Set.of(SERVER),
                        0,
                        kill,
                        world -> world.cluster().revive())
                .settlesIn(3);
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

    private static FaultKind failover(String name, String what, Standby standby) {
        return new FaultKind(name, (world, random) -> {
            Trouble failover = new Trouble(
                            name,
                            what,
                            Set.of(SERVER),
                            0,
                            w -> Failover.to(standby, w),
                            w -> w.cluster().endFailover())
                    .settlesIn(3);
            return standby == Standby.SYNCHRONOUS ? failover : failover.losing();
        });
    }

    /** A holder whose grant is lost and who cannot say so: nobody else may have it while the holder believes in it. */
    private static Fault failoverWithout(World world, SplittableRandom random) {
        int victim = WorkerFaults.choose(world, random);
        long ms = random.nextLong(
                world.sessionTimeout().toMillis() / 2, world.sessionTimeout().toMillis());
        return new Trouble(
                        "failover-cut",
                        "the server dies, a standby is promoted that lacks the last commits, and worker " + victim
                                + " cannot reach it for " + ms + " ms",
                        Set.of(SERVER, "network " + victim, "worker " + victim),
                        ms,
                        w -> Failover.without(w.worker(victim), w),
                        w -> {
                            w.worker(victim).proxies().forEach(TcpProxy::heal);
                            w.cluster().endFailover();
                        })
                .settlesIn(3)
                .losing();
    }

    /** Commits that wait for the disk wait for a standby that does not answer. */
    private static Fault frozenStandby(World world, SplittableRandom random) {
        long ms = random.nextLong(300, world.sessionTimeout().toMillis() * 3 / 2);
        @Nullable StandbyServer[] standby = new StandbyServer[1];
        return new Trouble(
                        "standby-frozen",
                        "a synchronous standby stands still for " + ms + " ms",
                        Set.of(SERVER),
                        ms,
                        w -> {
                            StandbyServer fresh = w.cluster().standby();
                            standby[0] = fresh;
                            fresh.makeSynchronous();
                            fresh.server().pause();
                        },
                        w -> {
                            StandbyServer frozen = standby[0];
                            if (frozen != null) {
                                frozen.server().resume();
                                frozen.makeAsynchronous();
                                frozen.close();
                                standby[0] = null;
                            }
                        })
                .settlesIn(3);
    }
}
