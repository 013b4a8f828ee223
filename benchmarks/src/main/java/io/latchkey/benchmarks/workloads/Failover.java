package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.peers.ClientOptions;
import io.latchkey.benchmarks.peers.LockClient;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.report.Sample;
import io.latchkey.testkit.JavaProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A leader goes, and the candidate behind it leads: after the leader's close, and after its process was killed. All have leases of
 * the same length, and their own recipe for leaders where they have one.
 */
final class Failover implements Workload {
    static final String ID = "failover";
    static final String CLOSE = "the leader closes";
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    /** Until a candidate certainly waits. */
    private static final long SETTLE_MS = 500;

    private static final int ATTEMPTS = 3;

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "The next leader";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.CLOSED, Metric.KILLED);
    }

    static String killed(Duration lease) {
        return "kill -9, with leases of " + lease.toSeconds() + " s";
    }

    /** Spring's leader looks as often with either setting of its registry, and ShedLock has no leaders. */
    private static boolean takesPart(PeerKind kind) {
        return kind.waits() && kind != PeerKind.SPRING_1MS && kind != PeerKind.SHEDLOCK;
    }

    @Override
    public void run(Bench bench) throws Exception {
        List<PeerKind> kinds =
                bench.peers().stream().filter(Failover::takesPart).toList();
        for (int round = 1; round <= bench.scale().rounds(); round++) {
            for (PeerKind kind : Bench.inTurn(kinds, round)) {
                int now = round;
                bench.progress().accept(CLOSE + ": round " + round + ", " + kind.title());
                bench.attempt(
                        ID, CLOSE, kind, () -> add(bench, CLOSE, kind, now, Metric.CLOSED, close(bench, kind, now)));
            }
            bench.progress().accept(killed(bench.scale().lease()) + ": round " + round + ", all");
            kill(bench, kinds, round);
        }
    }

    private static void add(Bench bench, String setting, PeerKind kind, int round, Metric metric, double value) {
        bench.results().add(new Sample(ID, setting, kind.id(), round, metric, value));
    }

    /** On a machine that is too busy a leader may lose its office before it closes: then once more. */
    private static double close(Bench bench, PeerKind kind, int round) throws Exception {
        for (int attempt = 1; ; attempt++) {
            double millis = closed(bench, kind, "close/" + round + "/" + attempt);
            if (millis >= 0) {
                return millis;
            } else if (attempt == ATTEMPTS) {
                throw new IllegalStateException("leaders lose their office before they close");
            }
        }
    }

    private static double closed(Bench bench, PeerKind kind, String election) throws Exception {
        String address = bench.servers().get(kind.server()).address(ID + "-" + kind.id());
        ClientOptions options = ClientOptions.oneThread().lease(bench.scale().lease());
        try (LockClient first = kind.at(address).connect(options);
                LockClient second = kind.at(address).connect(options)) {
            Office leader = new Office();
            Office next = new Office();
            AutoCloseable leads = first.stand(election, leader::elected);
            leader.await();
            try (AutoCloseable waits = second.stand(election, next::elected)) {
                Thread.sleep(SETTLE_MS);
                long start = System.nanoTime();
                leads.close();
                return next.nanosSince(start) / 1e6;
            }
        }
    }

    private static void kill(Bench bench, List<PeerKind> kinds, int round) throws Exception {
        List<PeerKind> left = kinds;
        for (int attempt = 1; !left.isEmpty(); attempt++) {
            if (attempt > ATTEMPTS) {
                throw new IllegalStateException("leaders lose their office before they are killed: " + left);
            }
            left = kill(bench, left, round, attempt);
        }
    }

    /** All at once: each of them mostly waits. Returns those whose leader lost its office before it was killed. */
    private static List<PeerKind> kill(Bench bench, List<PeerKind> kinds, int round, int attempt) throws Exception {
        List<PeerKind> tooEarly = new ArrayList<>();
        String setting = killed(bench.scale().lease());
        List<Succession> all = new ArrayList<>();
        try {
            for (PeerKind kind : kinds) {
                bench.attempt(ID, setting, kind, () -> {
                    String address = bench.servers().get(kind.server()).address(ID + "-" + kind.id());
                    all.add(new Succession(
                            kind,
                            address,
                            "kill/" + round + "/" + attempt,
                            bench.scale().lease()));
                });
            }
            Thread.sleep(SETTLE_MS);
            for (Succession succession : all) {
                succession.kill();
            }
            for (Succession one : all) {
                bench.attempt(ID, setting, one.kind, () -> {
                    double seconds = one.next.nanosSince(one.killedAt) / 1e9;
                    if (seconds < 0) {
                        tooEarly.add(one.kind);
                    } else {
                        add(bench, setting, one.kind, round, Metric.KILLED, seconds);
                    }
                });
            }
        } finally {
            for (Succession succession : all) {
                bench.attempt(ID, setting, succession.kind, succession::close);
            }
        }
        return tooEarly;
    }

    /** A leader in a process of its own, and a candidate here. */
    private static final class Succession implements AutoCloseable {
        final PeerKind kind;
        final Office next = new Office();
        private final JavaProcess leader;
        private final LockClient client;
        private final AutoCloseable candidate;
        volatile long killedAt;

        Succession(PeerKind kind, String address, String election, Duration lease) throws Exception {
            this.kind = kind;
            this.leader =
                    JavaProcess.start(Candidate.class, kind.id(), address, election, Long.toString(lease.toMillis()));
            try {
                leader.expect("elected", PATIENCE);
                this.client = kind.at(address).connect(ClientOptions.oneThread().lease(lease));
                this.candidate = client.stand(election, next::elected);
            } catch (Exception | AssertionError e) {
                leader.close();
                throw e instanceof Exception exception ? exception : new IllegalStateException(e);
            }
        }

        void kill() {
            killedAt = System.nanoTime();
            leader.kill();
        }

        @Override
        public void close() throws Exception {
            leader.close();
            candidate.close();
            client.close();
        }
    }

    /** When somebody began to lead. */
    private static final class Office {
        private final CountDownLatch taken = new CountDownLatch(1);
        private volatile long since;

        void elected() {
            if (taken.getCount() > 0) {
                since = System.nanoTime();
                taken.countDown();
            }
        }

        void await() throws InterruptedException {
            if (!taken.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody leads after " + PATIENCE);
            }
        }

        double nanosSince(long start) throws InterruptedException {
            await();
            return since - start;
        }
    }
}
