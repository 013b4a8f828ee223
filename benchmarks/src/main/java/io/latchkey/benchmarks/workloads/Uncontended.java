package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.report.Metric;
import java.util.List;
import java.util.Map;

/** Takes locks that are free and gives them back; each thread has names of its own. */
final class Uncontended implements Workload {
    static final String ID = "uncontended";

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "Free locks: take and give back";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.PAIRS);
    }

    static String setting(int threads, int clients) {
        return threads
                + (threads == 1 ? " thread, " : " threads, ")
                + clients
                + (clients == 1 ? " client" : " clients");
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        for (int clients : scale.clients()) {
            for (int threads : scale.threads()) {
                if (threads < clients) {
                    continue;
                }
                int names = Math.max(10, 100 / threads);
                bench.rounds(
                        ID,
                        List.of(new Bench.Variant<>(
                                setting(threads, clients),
                                ID,
                                kind -> true,
                                (kind, peer, server) -> new Clients(peer, clients, threads, ClientOptions.defaults()),
                                all -> Map.of(Metric.PAIRS, rate(all, scale.warmUp(), names, names)),
                                all -> Map.of(Metric.PAIRS, rate(all, scale.seconds(), names, 1)))));
            }
        }
    }

    /** In warming up each name is taken at least once. */
    static double rate(Clients clients, double seconds, int names, int atLeast) throws Exception {
        return clients.crew()
                .rate(seconds, atLeast, (member, turn) -> clients.pair(member, "k" + member + "/" + turn % names));
    }
}
