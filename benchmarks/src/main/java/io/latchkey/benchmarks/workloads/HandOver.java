package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Clients with one thread each that want the same lock all the time. A turn counts as a hand-over only where the holder changes;
 * its time runs from just before the old holder's release to the return of the new one's call.
 */
final class HandOver implements Workload {
    static final String ID = "hand-over";

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "One lock that all want: from one client to the next";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.HAND_OVERS, Metric.MEDIAN, Metric.P99, Metric.LEAST_TURNS, Metric.MOST_TURNS);
    }

    static String setting(int clients) {
        return clients + " clients";
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        for (int clients : scale.contenders()) {
            bench.rounds(
                    ID,
                    List.of(new Bench.Variant<>(
                            setting(clients),
                            ID,
                            PeerKind::waits,
                            (kind, peer, server) -> new Clients(peer, clients, clients, ClientOptions.oneThread()),
                            all -> measure(all, scale.warmUp()),
                            all -> measure(all, scale.seconds()))));
        }
    }

    static Map<Metric, Double> measure(Clients clients, double seconds) throws Exception {
        Turns turns = new Turns(clients.crew().size());
        long start = System.nanoTime();
        clients.crew().rate(seconds, 1, (member, number) -> {
            LockClient.Held held = clients.of(member).lock("hand-over");
            turns.begin(member, System.nanoTime() - start < seconds * 1e9);
            held.unlock();
        });
        return turns.figures(seconds);
    }

    /** Written by whoever holds the lock; the holder before is always done with it. */
    private static final class Turns {
        private final AtomicLongArray perClient;
        private volatile int last = -1;
        private volatile long releasedAt;
        private volatile int handOvers;
        private long[] nanos = new long[1 << 12];

        Turns(int clients) {
            perClient = new AtomicLongArray(clients);
        }

        synchronized void begin(int member, boolean counts) {
            long now = System.nanoTime();
            if (counts) {
                if (last >= 0 && last != member) {
                    if (handOvers == nanos.length) {
                        nanos = Arrays.copyOf(nanos, nanos.length * 2);
                    }
                    nanos[handOvers++] = now - releasedAt;
                }
                perClient.incrementAndGet(member);
            }
            last = member;
            releasedAt = System.nanoTime();
        }

        synchronized Map<Metric, Double> figures(double seconds) {
            long[] sorted = Arrays.copyOf(nanos, handOvers);
            Arrays.sort(sorted);
            double all = 0;
            double most = 0;
            double least = Double.MAX_VALUE;
            for (int i = 0; i < perClient.length(); i++) {
                all += perClient.get(i);
                most = Math.max(most, (double) perClient.get(i));
                least = Math.min(least, (double) perClient.get(i));
            }
            double equal =
                    Math.max(all, 1) / perClient.length(); // on a slow machine nobody may have had a turn in time
            boolean some = sorted.length > 0;
            return Map.of(
                    Metric.HAND_OVERS,
                    sorted.length / seconds,
                    Metric.MEDIAN,
                    some ? sorted[sorted.length / 2] / 1e3 : Double.NaN,
                    Metric.P99,
                    some ? sorted[(int) (sorted.length * 0.99)] / 1e3 : Double.NaN,
                    Metric.LEAST_TURNS,
                    least / equal,
                    Metric.MOST_TURNS,
                    most / equal);
        }
    }
}
