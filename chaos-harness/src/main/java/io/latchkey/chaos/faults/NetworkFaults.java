package io.latchkey.chaos.faults;

import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Between one worker and the database. */
final class NetworkFaults {
    private NetworkFaults() {}

    static List<FaultKind> all() {
        return List.of(
                kind("net-reset", "connections are reset", 0, TcpProxy::reset),
                kind("net-refuse", "connections are reset, new ones refused", 3, proxy -> {
                    proxy.refuse();
                    proxy.reset();
                }),
                kind("net-black-hole", "packets vanish", 3, TcpProxy::blackHole),
                kind("net-stall", "packets are held back and arrive later", 3, TcpProxy::stall),
                kind("net-half-open", "the server's direction is closed", 2, TcpProxy::halfClose),
                new FaultKind("net-delay", NetworkFaults::delay));
    }

    /** @param halfTimeouts how long at the most, in halves of a session timeout */
    private static FaultKind kind(String name, String what, int halfTimeouts, Consumer<TcpProxy> inject) {
        return new FaultKind(name, (world, random) -> {
            int victim = WorkerFaults.choose(world, random);
            long longest = world.sessionTimeout().toMillis() * halfTimeouts / 2;
            long ms = longest == 0 ? 0 : random.nextLong(100, longest);
            return new Trouble(
                            name,
                            "worker " + victim + ": " + what + (ms == 0 ? "" : " for " + ms + " ms"),
                            Set.of("network " + victim, "worker " + victim),
                            ms,
                            w -> w.worker(victim).proxies().forEach(inject),
                            w -> heal(w, victim, name))
                    .of(victim);
        });
    }

    private static void heal(World world, int victim, String name) {
        for (TcpProxy proxy : world.worker(victim).proxies()) {
            proxy.heal();
            if (name.equals("net-black-hole") || name.equals("net-half-open")) {
                proxy.reset(); // as the server's keep-alive does with connections whose other end has forgotten them
            }
        }
    }

    private static Fault delay(World world, SplittableRandom random) {
        int victim = WorkerFaults.choose(world, random);
        int each = random.nextInt(5, 250);
        long ms = random.nextInt(500, 3_000);
        return new Trouble(
                        "net-delay",
                        "worker " + victim + ": every packet " + each + " ms late for " + ms + " ms",
                        Set.of("network " + victim, "worker " + victim),
                        ms,
                        w -> w.worker(victim).proxies().forEach(proxy -> proxy.delay(Duration.ofMillis(each))),
                        w -> w.worker(victim).proxies().forEach(TcpProxy::heal))
                .of(victim);
    }
}
