package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Free locks in a database that remembers many. Where a peer keeps the rows of free locks, the locks are drawn from all of them;
 * Spring deletes them, so there the rows are those of other locks that are held.
 */
final class Rows implements Workload {
    static final String ID = "rows";

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "Free locks, 1 thread: growing number of lock rows";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.PAIRS);
    }

    @Override
    public Layout layout() {
        return Layout.GROWTH;
    }

    static String setting(int rows) {
        return String.format(Locale.ROOT, "%,d", rows) + (rows == 1 ? " row" : " rows");
    }

    private static boolean takesPart(PeerKind kind) {
        return kind == PeerKind.LATCHKEY
                || kind == PeerKind.SPRING
                || kind == PeerKind.SHEDLOCK
                || kind == PeerKind.UPDATES;
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        List<Bench.Variant<Locks>> variants = new ArrayList<>();
        for (int rows : scale.rows()) {
            String space = ID + "-" + rows;
            variants.add(new Bench.Variant<>(
                    setting(rows),
                    space,
                    Rows::takesPart,
                    (kind, peer, server) -> {
                        LockClient client = peer.connect(ClientOptions.oneThread());
                        fill(bench, space + "-" + kind.id(), kind, rows);
                        return new Locks(client, new Crew(1), rows, new SplittableRandom(rows));
                    },
                    locks -> locks.rate(scale.warmUp()),
                    locks -> locks.rate(scale.seconds())));
        }
        bench.rounds(ID, variants);
    }

    private static void fill(Bench bench, String database, PeerKind kind, int rows) throws IOException {
        String insert = switch (kind) {
            case LATCHKEY -> "INSERT INTO latchkey._lock (name, token, granted_at) SELECT 'row/' || g, 0, now()";
            case UPDATES -> "INSERT INTO floor SELECT 'row/' || g, 0";
            case SHEDLOCK -> "INSERT INTO shedlock SELECT 'row/' || g, now() - interval '1 day', now(), 'bench'";
            case SPRING ->
                "INSERT INTO int_lock SELECT md5('held/' || g)::uuid, 'DEFAULT', md5('another')::uuid,"
                        + " now(), now() + interval '1 day'";
            default -> throw new IllegalArgumentException(kind.title());
        };
        bench.servers().postgres().execute(database, insert + " FROM generate_series(1, " + rows + ") g");
    }

    private record Locks(LockClient client, Crew crew, int rows, SplittableRandom random) implements AutoCloseable {
        Map<Metric, Double> rate(double seconds) throws Exception {
            return Map.of(
                    Metric.PAIRS,
                    crew.rate(
                            seconds,
                            1,
                            (member, turn) -> client.lock("row/" + (1 + random.nextInt(rows)))
                                    .unlock()));
        }

        @Override
        public void close() throws Exception {
            crew.close();
            client.close();
        }
    }
}
