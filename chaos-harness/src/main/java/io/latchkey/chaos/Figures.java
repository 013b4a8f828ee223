package io.latchkey.chaos;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.Event.Kind;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.HistoryReader;
import io.latchkey.chaos.history.Outage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run amounted to.
 *
 * @param operations calls that workers made: attempts, releases, extensions, guarded commits
 * @param grants leases that were granted
 * @param queued grants that had to wait for another holder
 * @param missed grants that were learned of by looking, not by their notification
 * @param writes guarded transactions that were confirmed
 * @param faults how many faults there were
 * @param recoveries by the kind of fault: from its healing to the next grant, in nanoseconds, in order
 */
record Figures(
        long operations,
        long grants,
        long queued,
        long missed,
        long writes,
        int faults,
        Map<String, List<Long>> recoveries) {
    static Figures of(History history, HistoryReader reader, ChaosOptions options) {
        long[] all = history.attempts().values().stream()
                .flatMap(List::stream)
                .mapToLong(Attempt::grantedAt)
                .filter(at -> at != Attempt.NEVER)
                .sorted()
                .toArray();
        List<long[]> ofWorkers = new ArrayList<>();
        for (int i = 1; i <= options.workers(); i++) {
            String label = "w" + i;
            ofWorkers.add(history.attempts().values().stream()
                    .flatMap(List::stream)
                    .filter(attempt ->
                            attempt.worker().equals(label) || attempt.worker().startsWith(label + "#"))
                    .mapToLong(Attempt::grantedAt)
                    .filter(at -> at != Attempt.NEVER)
                    .sorted()
                    .toArray());
        }
        Map<String, List<Long>> recoveries = new TreeMap<>();
        for (Outage outage : history.outages()) {
            if (!outage.happened()) {
                continue;
            }
            long next = next(outage.victim() == 0 ? all : ofWorkers.get(outage.victim() - 1), outage.healedAt());
            List<Long> times = recoveries.computeIfAbsent(outage.fault(), fault -> new ArrayList<>());
            if (next >= 0) {
                times.add(next);
            }
        }
        recoveries.values().forEach(times -> times.sort(null));
        return new Figures(
                reader.count(Kind.CALL)
                        + reader.count(Kind.GIVEN_BACK)
                        + reader.count(Kind.EXTENDED)
                        + reader.count(Kind.COMMITTED),
                all.length,
                reader.count(Kind.QUEUED_GRANT),
                reader.count(Kind.WAKE_UP_MISSED),
                reader.count(Kind.COMMITTED),
                (int) history.outages().stream().filter(Outage::happened).count(),
                recoveries);
    }

    private static long next(long[] times, long after) {
        int place = Arrays.binarySearch(times, after);
        int next = place < 0 ? -place - 1 : place;
        return next < times.length ? times[next] - after : -1;
    }

    /** Kinds of faults that happened. */
    int kinds() {
        return recoveries.size();
    }

    /** Grants that had to wait and were served by the backstop, in percent. */
    double missedPercent() {
        return queued == 0 ? 0 : 100.0 * missed / queued;
    }

    /** A table, a line for each kind. */
    List<String> table() {
        List<String> lines = new ArrayList<>();
        lines.add(
                String.format("%-22s %6s %10s %10s %10s", "first grant after", "faults", "p50 ms", "p99 ms", "max ms"));
        recoveries.forEach((kind, times) -> lines.add(String.format(
                Locale.ROOT,
                "%-22s %6d %10s %10s %10s",
                kind,
                times.size(),
                percentile(times, 50),
                percentile(times, 99),
                percentile(times, 100))));
        return lines;
    }

    private static String percentile(List<Long> times, int percent) {
        if (times.isEmpty()) {
            return "-";
        }
        int place = (int) Math.ceil(times.size() * percent / 100.0) - 1;
        return String.format(Locale.ROOT, "%.1f", times.get(Math.max(0, place)) / 1e6);
    }
}
