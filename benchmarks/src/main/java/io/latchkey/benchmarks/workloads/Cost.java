package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.Peer;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.servers.Counters;
import io.latchkey.benchmarks.servers.PostgresBackend;
import io.latchkey.benchmarks.servers.Server;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What taking a free lock and giving it back costs the server, by its own statistics; one thread, one client. */
final class Cost implements Workload {
    static final String ID = "cost";
    static final String SETTING = "1 thread, 1 client";
    private static final int NAMES = 100;
    /** A backend tells its statistics with the first transaction after a second. */
    private static final long TELLS_AFTER_MS = 1_100;

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "What a free lock costs the server";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.CPU, Metric.STATEMENTS, Metric.TRANSACTIONS, Metric.LOG_BYTES);
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        bench.rounds(
                ID,
                List.of(new Bench.Variant<>(
                        SETTING,
                        ID,
                        kind -> true,
                        (kind, peer, server) -> open(kind, peer, server),
                        counted -> counted.figures(scale.warmUp()),
                        counted -> counted.figures(scale.seconds()))));
    }

    private static Counted open(PeerKind kind, Peer peer, Server server) throws Exception {
        String space = ID + "-" + kind.id();
        if (server instanceof PostgresBackend postgres) {
            postgres.countStatements(space);
        }
        Clients clients = new Clients(peer, 1, 1, ClientOptions.oneThread());
        Uncontended.rate(clients, 0, NAMES, NAMES);
        return new Counted(clients, server, space);
    }

    private record Counted(Clients clients, Server server, String space) implements AutoCloseable {
        Map<Metric, Double> figures(double seconds) throws Exception {
            AtomicLong pairs = new AtomicLong();
            Counters before = server.counters(space);
            clients.crew().rate(seconds, NAMES, (member, turn) -> {
                clients.pair(member, "k0/" + turn % NAMES);
                pairs.incrementAndGet();
            });
            double cpu = server.counters(space).since(before).cpuNanos();
            Thread.sleep(TELLS_AFTER_MS);
            clients.crew().rate(0, 1, (member, turn) -> clients.pair(member, "k0/0"));
            Counters used = server.counters(space).since(before);
            double each = pairs.get();
            Map<Metric, Double> figures = new LinkedHashMap<>();
            figures.put(Metric.CPU, cpu / 1e3 / each);
            figures.put(Metric.STATEMENTS, used.statements() / (each + 1));
            // A backend that touched no table tells nothing.
            figures.put(
                    Metric.TRANSACTIONS, used.transactions() < each ? Double.NaN : used.transactions() / (each + 1));
            // Less than a byte per pair is somebody else's.
            figures.put(Metric.LOG_BYTES, used.logBytes() < each ? 0 : used.logBytes() / (each + 1));
            return figures;
        }

        @Override
        public void close() throws Exception {
            clients.close();
        }
    }
}
