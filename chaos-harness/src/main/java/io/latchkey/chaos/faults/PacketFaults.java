package io.latchkey.chaos.faults;

import static java.util.Objects.requireNonNull;

import io.latchkey.testkit.NetworkNamespace;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Packets between one worker's proxies and the server are lost (nft in a network namespace): unlike in {@link NetworkFaults} the
 * kernels send them again, and connections that one side has given up stay half-open on the other.
 */
final class PacketFaults {
    private static final List<String> WHICH = List.of("all packets", "what it sends", "what is sent to it");

    private PacketFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("packets-lost", Need.CABLE, PacketFaults::lost),
                new FaultKind("packets-some-lost", Need.CABLE, PacketFaults::someLost));
    }

    private static Fault lost(World world, SplittableRandom random) {
        int victim = WorkerFaults.choose(world, random);
        int which = random.nextInt(WHICH.size());
        long ms = random.nextLong(100, world.sessionTimeout().toMillis() * 3 / 2);
        return trouble("packets-lost", victim, WHICH.get(which) + " for " + ms + " ms", ms, (network, address) -> {
            switch (which) {
                case 0 -> network.blackHole(address);
                case 1 -> network.loseWhatItSends(address);
                default -> network.loseWhatIsSentTo(address);
            }
        });
    }

    private static Fault someLost(World world, SplittableRandom random) {
        int victim = WorkerFaults.choose(world, random);
        int percent = random.nextInt(2, 40);
        long ms = random.nextInt(500, 3_000);
        return trouble(
                "packets-some-lost",
                victim,
                percent + " % of all packets for " + ms + " ms",
                ms,
                (network, address) -> network.loseSome(address, percent));
    }

    private interface Loss {
        void begin(NetworkNamespace network, String address);
    }

    private static Fault trouble(String name, int victim, String what, long ms, Loss loss) {
        return new Trouble(
                        name,
                        "worker " + victim + " loses " + what,
                        Set.of("cable", "network " + victim, "worker " + victim),
                        ms,
                        w -> loss.begin(network(w), w.worker(victim).address()),
                        w -> network(w).heal())
                .settlesIn(3) // until TCP tries again
                .of(victim);
    }

    private static NetworkNamespace network(World world) {
        return requireNonNull(world.cluster().surroundings().network());
    }
}
