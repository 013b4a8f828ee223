package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.Peer;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.report.Sample;
import io.latchkey.benchmarks.servers.Counters;
import io.latchkey.benchmarks.servers.PostgresBackend;
import io.latchkey.benchmarks.servers.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client holds many locks, another one waits for each of them, and nothing happens. One peer after the other, as they would
 * not be idle beside each other; the rounds are consecutive windows.
 */
final class IdleWaiters implements Workload {
    static final String ID = "idle";
    /** A third of the default time-out of a session. */
    private static final Duration RENEWAL = Duration.ofSeconds(5);
    /** Longer than all windows, for a holder that does not renew. */
    private static final Duration LEASE = Duration.ofMinutes(5);

    private static final int CLIENTS = 2;

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "Waiting while nothing happens";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.STATEMENTS_PER_SECOND, Metric.CPU_PER_SECOND, Metric.STATEMENTS_PER_RENEWAL);
    }

    static String setting(int waiters) {
        return String.format(Locale.ROOT, "%,d calls for %,d locks", waiters, waiters);
    }

    /** An advisory lock would need a connection per waiter, and ShedLock does not wait. */
    private static boolean takesPart(PeerKind kind) {
        return kind.waits() && kind != PeerKind.ADVISORY && kind != PeerKind.SHEDLOCK;
    }

    @Override
    public void run(Bench bench) throws Exception {
        String setting = setting(bench.scale().waiters());
        for (PeerKind kind :
                bench.peers().stream().filter(IdleWaiters::takesPart).toList()) {
            bench.progress().accept(setting + ": " + kind.title());
            bench.attempt(ID, setting, kind, () -> measure(bench, setting, kind));
        }
    }

    private static void measure(Bench bench, String setting, PeerKind kind) throws Exception {
        String space = ID + "-" + kind.id();
        Server server = bench.servers().get(kind.server());
        Peer peer = kind.at(server.address(space));
        if (server instanceof PostgresBackend postgres) {
            postgres.countStatements(space);
        }
        // Only Spring's leases would end in the middle of it: nobody renews them.
        ClientOptions options = kind == PeerKind.SPRING || kind == PeerKind.SPRING_1MS
                ? ClientOptions.defaults().lease(LEASE)
                : ClientOptions.defaults();
        int waiters = bench.scale().waiters();
        try (LockClient holder = peer.connect(options);
                LockClient waiter = peer.connect(options);
                Standstill standstill = new Standstill(holder, waiter, waiters)) {
            server.settle(space);
            Thread.sleep(bench.scale().window().toMillis());
            double seconds = bench.scale().window().toMillis() / 1e3;
            for (int round = 1; round <= bench.scale().rounds(); round++) {
                Counters before = server.counters(space);
                Thread.sleep(bench.scale().window().toMillis());
                Counters used = server.counters(space).since(before);
                add(bench, setting, kind, round, Metric.STATEMENTS_PER_SECOND, used.statements() / seconds);
                add(bench, setting, kind, round, Metric.CPU_PER_SECOND, used.cpuNanos() / 1e6 / seconds);
                if (kind == PeerKind.LATCHKEY) {
                    double renewals = seconds / RENEWAL.toSeconds();
                    add(
                            bench,
                            setting,
                            kind,
                            round,
                            Metric.STATEMENTS_PER_RENEWAL,
                            used.statements() / CLIENTS / renewals);
                }
            }
            standstill.requireAllWait();
        }
    }

    private static void add(Bench bench, String setting, PeerKind kind, int round, Metric metric, double value) {
        bench.results().add(new Sample(ID, setting, kind.id(), round, metric, value));
    }

    /** All locks held by one thread, and a thread that waits for each. */
    private static final class Standstill implements AutoCloseable {
        private final ExecutorService holding = Executors.newSingleThreadExecutor();
        private final ExecutorService waiting;
        private final List<LockClient.Held> held = new ArrayList<>();
        private volatile boolean over;
        private volatile @Nullable RuntimeException failure;

        Standstill(LockClient holder, LockClient waiter, int locks) throws Exception {
            waiting = Executors.newFixedThreadPool(locks, task -> new Thread(null, task, "waiter", 128 * 1024));
            holding.submit(() -> {
                        for (int i = 0; i < locks; i++) {
                            held.add(holder.lock("idle/" + i));
                        }
                        return null;
                    })
                    .get();
            for (int i = 0; i < locks; i++) {
                String name = "idle/" + i;
                waiting.execute(() -> waitFor(waiter, name));
            }
        }

        private void waitFor(LockClient waiter, String name) {
            try {
                LockClient.Held got = waiter.lock(name);
                if (!over) {
                    failure = new IllegalStateException("a lock was granted while another client held it");
                }
                got.unlock();
            } catch (Exception e) {
                if (!over) {
                    failure = new IllegalStateException("a call does not wait: " + e, e);
                }
            }
        }

        void requireAllWait() {
            RuntimeException seen = failure;
            if (seen != null) {
                throw seen;
            }
        }

        @Override
        public void close() throws Exception {
            over = true;
            waiting.shutdownNow();
            holding.submit(() -> {
                        for (LockClient.Held lock : held) {
                            lock.unlock();
                        }
                        return null;
                    })
                    .get();
            holding.shutdown();
            waiting.awaitTermination(30, TimeUnit.SECONDS);
        }
    }
}
