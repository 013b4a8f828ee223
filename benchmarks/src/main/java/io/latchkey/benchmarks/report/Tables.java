package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.workloads.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Makes tables of figures: one per variant of a workload, with a line for each peer. */
public final class Tables {
    private static final String OURS = PeerKind.LATCHKEY.id();

    private Tables() {}

    /** All tables of a workload. */
    public static List<Table> of(Results results, Workload workload) {
        if (results.of(workload.id()).isEmpty()) {
            return List.of();
        }
        return switch (workload.layout()) {
            case SIDE_BY_SIDE ->
                results.settings(workload.id()).stream()
                        .map(setting -> table(results, workload, setting))
                        .toList();
            case GROWTH -> List.of(growth(results, workload));
            case ALONE -> List.of(alone(results, workload));
        };
    }

    private static Table table(Results results, Workload workload, String setting) {
        List<Metric> metrics = workload.metrics().stream()
                .filter(metric -> results.of(workload.id()).stream()
                        .anyMatch(s -> s.setting().equals(setting) && s.metric() == metric))
                .toList();
        Metric main = metrics.get(0);
        List<String> head = new ArrayList<>(List.of("", main.unit() + "  (lowest to highest)", "Latchkey's advantage"));
        metrics.stream().skip(1).forEach(metric -> head.add(metric.unit()));
        List<List<String>> rows = new ArrayList<>();
        for (String peer : results.peers(workload.id())) {
            Optional<Spread> figure = results.spread(workload.id(), setting, peer, main);
            if (figure.isEmpty()) {
                continue;
            }
            List<String> row = new ArrayList<>();
            row.add(PeerKind.of(peer).map(PeerKind::title).orElse(peer));
            row.add(figure.get().text());
            row.add(
                    peer.equals(OURS)
                            ? ""
                            : results.timesBetter(workload.id(), setting, OURS, peer, main)
                                    .map(times -> times.text("x"))
                                    .orElse(""));
            for (Metric metric : metrics.subList(1, metrics.size())) {
                row.add(results.spread(workload.id(), setting, peer, metric)
                        .map(spread -> Figures.text(spread.median()))
                        .orElse(""));
            }
            rows.add(row);
        }
        return new Table(workload.title() + ": " + setting, head, rows);
    }

    private static Table growth(Results results, Workload workload) {
        List<String> settings = List.copyOf(results.settings(workload.id()));
        Metric metric = workload.metrics().get(0);
        String first = settings.get(0);
        String last = settings.get(settings.size() - 1);
        List<String> head = new ArrayList<>(List.of(metric.unit()));
        head.addAll(settings);
        head.add("cost of the last to that of the first  (lowest to highest)");
        List<List<String>> rows = new ArrayList<>();
        for (String peer : results.peers(workload.id())) {
            List<String> row = new ArrayList<>();
            row.add(PeerKind.of(peer).map(PeerKind::title).orElse(peer));
            for (String setting : settings) {
                row.add(results.spread(workload.id(), setting, peer, metric)
                        .map(spread -> Figures.text(spread.median()))
                        .orElse(""));
            }
            row.add(results.growth(workload.id(), first, last, peer, metric)
                    .map(Spread::text)
                    .orElse(""));
            rows.add(row);
        }
        return new Table(workload.title(), head, rows);
    }

    private static Table alone(Results results, Workload workload) {
        List<String> head = new ArrayList<>(List.of(""));
        workload.metrics().forEach(metric -> head.add(metric.unit() + "  (lowest to highest)"));
        List<List<String>> rows = new ArrayList<>();
        for (String setting : results.settings(workload.id())) {
            List<String> row = new ArrayList<>(List.of(setting));
            for (Metric metric : workload.metrics()) {
                row.add(results.spread(workload.id(), setting, OURS, metric)
                        .map(Spread::text)
                        .orElse(""));
            }
            rows.add(row);
        }
        return new Table(workload.title(), head, rows);
    }
}
