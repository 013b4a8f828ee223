package io.latchkey.chaos.faults;

import io.latchkey.testkit.StandbyServer;
import io.latchkey.testkit.TcpProxy;

/** The primary dies and a standby takes its place. */
final class Failover {
    private Failover() {}

    /** What the standby has when its primary dies. */
    enum Standby {
        /** All that was committed, but perhaps for what was in the moment of the death: nobody waited for it to arrive. */
        CAUGHT_UP,
        /** Not the last commits. */
        LAGGING,
        /** All that was confirmed, because commits waited for it. */
        SYNCHRONOUS
    }

    static void to(Standby kind, World world) throws Exception {
        StandbyServer standby = world.cluster().standby();
        switch (kind) {
            case CAUGHT_UP -> standby.awaitCaughtUp();
            case LAGGING -> {
                standby.disconnect();
                Thread.sleep(400); // what is committed meanwhile is lost
            }
            case SYNCHRONOUS -> {
                standby.makeSynchronous();
                Thread.sleep(400);
            }
        }
        world.cluster().replaceBy(standby, world);
    }

    /** As with a standby that lags, but for longer, and then this worker is cut off: it may hold what was lost. */
    static void without(WorkerProcess victim, World world) throws Exception {
        StandbyServer standby = world.cluster().standby();
        standby.disconnect();
        Thread.sleep(3_000);
        for (TcpProxy proxy : victim.proxies()) {
            proxy.refuse();
            proxy.reset();
        }
        world.cluster().replaceBy(standby, world);
    }
}
