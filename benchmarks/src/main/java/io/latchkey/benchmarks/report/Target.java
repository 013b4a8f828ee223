package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What Latchkey was meant to reach.
 *
 * @param what in words
 * @param limit at least, or at most, this
 * @param atLeast which of the two
 * @param unit behind the figures
 * @param reached what the figures say; empty if it was not measured
 */
record Target(String what, double limit, boolean atLeast, String unit, Function<Results, Optional<Spread>> reached) {
    private static final String OURS = PeerKind.LATCHKEY.id();

    static final List<Target> ALL = all();

    private static List<Target> all() {
        List<Target> all = new ArrayList<>();
        String one = "1 thread, 1 client";
        all.add(rate("uncontended", one, Metric.PAIRS, PeerKind.SPRING, 3));
        all.add(rate("uncontended", one, Metric.PAIRS, PeerKind.SHEDLOCK, 2));
        all.add(rate("uncontended", one, Metric.PAIRS, PeerKind.CURATOR, 5));
        all.add(rate("uncontended", one, Metric.PAIRS, PeerKind.ETCD, 6));
        all.add(rate("uncontended", one, Metric.PAIRS, PeerKind.UPDATES, 0.85));
        String eight = "8 threads, 1 client";
        all.add(rate("uncontended", eight, Metric.PAIRS, PeerKind.SPRING, 6));
        all.add(rate("uncontended", eight, Metric.PAIRS, PeerKind.SHEDLOCK, 6));
        all.add(rate("uncontended", eight, Metric.PAIRS, PeerKind.CURATOR, 8));
        all.add(rate("uncontended", eight, Metric.PAIRS, PeerKind.REDISSON, 2));
        String clients = "8 clients";
        all.add(rate("hand-over", clients, Metric.HAND_OVERS, PeerKind.CURATOR, 2.5));
        all.add(rate("hand-over", clients, Metric.HAND_OVERS, PeerKind.REDISSON, 1.5));
        all.add(rate("hand-over", clients, Metric.HAND_OVERS, PeerKind.SPRING, 50));
        all.add(new Target(
                "hand-over, 8 clients: the median, in medians of a blocking advisory lock",
                3.5,
                false,
                "x",
                results -> results.timesBetter("hand-over", clients, PeerKind.ADVISORY.id(), OURS, Metric.MEDIAN)));
        all.add(new Target(
                "idle, 1,000 waiters: statements per client and renewal interval",
                1,
                false,
                "",
                results -> results.spread("idle", "1,000 calls for 1,000 locks", OURS, Metric.STATEMENTS_PER_RENEWAL)));
        all.add(new Target(
                "1,000,000 lock rows: cost, in that with one",
                1.2,
                false,
                "x",
                results -> results.growth("rows", "1 row", "1,000,000 rows", OURS, Metric.PAIRS)));
        for (String call : List.of("lease.isValid()", "election.isLeader()")) {
            all.add(new Target(
                    call, 50, false, "ns", results -> results.spread("in-process", call, OURS, Metric.NANOS)));
            // A hundredth of a byte is what the threads behind the client allocate meanwhile.
            all.add(new Target(
                    call + ": allocation",
                    0.01,
                    false,
                    "bytes",
                    results -> results.spread("in-process", call, OURS, Metric.ALLOCATED)));
        }
        return List.copyOf(all);
    }

    private static Target rate(String workload, String setting, Metric metric, PeerKind peer, double atLeast) {
        return new Target(
                workload + ", " + setting + ": in rates of \"" + peer.title() + "\"",
                atLeast,
                true,
                "x",
                results -> results.timesBetter(workload, setting, OURS, peer.id(), metric));
    }

    boolean isMetBy(Spread figure) {
        return atLeast ? figure.median() >= limit : figure.median() <= limit;
    }

    /** All that were measured. */
    static Table table(Results results) {
        List<List<String>> rows = new ArrayList<>();
        for (Target target : ALL) {
            target.reached
                    .apply(results)
                    .ifPresent(figure -> rows.add(List.of(
                            target.what,
                            (target.atLeast ? "at least " : "at most ") + Figures.text(target.limit) + " "
                                    + target.unit,
                            figure.text(target.unit),
                            target.isMetBy(figure) ? "yes" : "**no**")));
        }
        return new Table("", List.of("", "meant to be", "is  (lowest to highest)", "reached"), rows);
    }
}
