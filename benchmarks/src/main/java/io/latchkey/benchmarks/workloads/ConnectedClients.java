package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.Peer;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One client takes free locks while others are connected and keep their sessions. One peer after the other. */
final class ConnectedClients implements Workload {
    static final String ID = "clients";
    private static final int NAMES = 100;

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "Free locks, 1 thread: growing number of connected clients";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.PAIRS);
    }

    @Override
    public Layout layout() {
        return Layout.GROWTH;
    }

    static String setting(int clients) {
        return clients + (clients == 1 ? " client" : " clients");
    }

    /** A client of Redisson's has 24 connections at least, and one that does not hold a lock keeps no session. */
    private static boolean takesPart(PeerKind kind) {
        return kind == PeerKind.LATCHKEY || kind == PeerKind.CURATOR || kind == PeerKind.ETCD;
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        for (PeerKind only :
                bench.peers().stream().filter(ConnectedClients::takesPart).toList()) {
            List<Bench.Variant<Clients>> variants = new ArrayList<>();
            for (int clients : scale.connected()) {
                variants.add(new Bench.Variant<>(
                        setting(clients),
                        ID,
                        kind -> kind == only,
                        (kind, peer, server) -> connect(peer, clients),
                        all -> Map.of(Metric.PAIRS, Uncontended.rate(all, scale.warmUp(), NAMES, NAMES)),
                        all -> Map.of(Metric.PAIRS, Uncontended.rate(all, scale.seconds(), NAMES, 1))));
            }
            bench.rounds(ID, variants);
        }
    }

    /** Each of them does something once, so that it has all its connections. */
    private static Clients connect(Peer peer, int clients) throws Exception {
        Clients all = new Clients(peer, clients, 1, ClientOptions.oneThread());
        int number = 0;
        for (LockClient client : all.all()) {
            client.lock("connected/" + number++).unlock();
        }
        return all;
    }
}
