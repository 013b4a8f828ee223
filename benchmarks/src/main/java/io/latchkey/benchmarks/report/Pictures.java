package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.workloads.Workload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which pictures there are of which workload. */
final class Pictures {
    private static final String SPREAD = "Median of all rounds, with the lowest and the highest. Logarithmic. ";

    private Pictures() {}

    static List<Picture> of(Results results, Workload workload) {
        if (results.of(workload.id()).isEmpty()) {
            return List.of();
        }
        return switch (workload.id()) {
            case "uncontended" -> uncontended(results, workload);
            case "hand-over" -> handOver(results, workload);
            case "rows", "clients" ->
                List.of(GrowthPlot.picture(
                        workload.id() + ".svg",
                        workload.title(),
                        "Median of the ratios within each round. Lower is better.",
                        results,
                        workload.id(),
                        workload.metrics().get(0)));
            case "in-process" -> List.of();
            default -> List.of(panelPerMetric(results, workload));
        };
    }

    /** One picture per number of clients, a panel per number of threads. */
    private static List<Picture> uncontended(Results results, Workload workload) {
        Set<String> clients = new TreeSet<>();
        results.settings(workload.id()).forEach(setting -> clients.add(setting.substring(setting.indexOf(", ") + 2)));
        List<Picture> pictures = new ArrayList<>();
        for (String number : clients) {
            List<DotPlot.Panel> panels = results.settings(workload.id()).stream()
                    .filter(setting -> setting.endsWith(", " + number))
                    .map(setting -> new DotPlot.Panel(
                            setting.substring(0, setting.indexOf(", ")),
                            figures(results, workload, setting, Metric.PAIRS)))
                    .toList();
            pictures.add(DotPlot.picture(
                    workload.id() + "-" + number.replace(' ', '-') + ".svg",
                    "Free locks: taken and given back per second, " + number,
                    SPREAD + "More is better.",
                    peers(panels),
                    panels));
        }
        return pictures;
    }

    private static List<Picture> handOver(Results results, Workload workload) {
        List<DotPlot.Panel> rates = new ArrayList<>();
        List<DotPlot.Panel> times = new ArrayList<>();
        for (String setting : results.settings(workload.id())) {
            rates.add(new DotPlot.Panel(setting, figures(results, workload, setting, Metric.HAND_OVERS)));
            Map<PeerKind, Spread> p99 = figures(results, workload, setting, Metric.P99);
            Map<PeerKind, Spread> toP99 = new EnumMap<>(PeerKind.class);
            figures(results, workload, setting, Metric.MEDIAN).forEach((peer, median) -> {
                Spread high = p99.getOrDefault(peer, median);
                toP99.put(peer, new Spread(median.median(), median.median(), high.median()));
            });
            times.add(new DotPlot.Panel(setting, toP99));
        }
        return List.of(
                DotPlot.picture(
                        "hand-over.svg",
                        "One lock that all want: hand-overs per second",
                        SPREAD + "More is better.",
                        peers(rates),
                        rates),
                DotPlot.picture(
                        "hand-over-time.svg",
                        "One lock that all want: microseconds from the release to the next holder",
                        "Median, with a line to the 99th percentile. Logarithmic. Less is better.",
                        peers(times),
                        times));
    }

    private static Picture panelPerMetric(Results results, Workload workload) {
        List<DotPlot.Panel> panels = new ArrayList<>();
        for (Metric metric : workload.metrics()) {
            for (String setting : results.settings(workload.id())) {
                Map<PeerKind, Spread> figures = figures(results, workload, setting, metric);
                if (!figures.isEmpty() && metric != Metric.STATEMENTS_PER_RENEWAL) { // that one is Latchkey's alone
                    panels.add(new DotPlot.Panel(metric.unit(), figures));
                }
            }
        }
        return DotPlot.picture(
                workload.id() + ".svg",
                workload.title() + ": " + String.join("; ", results.settings(workload.id())),
                SPREAD + "Less is better.",
                peers(panels),
                panels);
    }

    private static Map<PeerKind, Spread> figures(Results results, Workload workload, String setting, Metric metric) {
        Map<PeerKind, Spread> figures = new EnumMap<>(PeerKind.class);
        for (PeerKind peer : PeerKind.values()) {
            results.spread(workload.id(), setting, peer.id(), metric).ifPresent(spread -> figures.put(peer, spread));
        }
        return figures;
    }

    private static List<PeerKind> peers(List<DotPlot.Panel> panels) {
        return Arrays.stream(PeerKind.values())
                .filter(peer ->
                        panels.stream().anyMatch(panel -> panel.figures().containsKey(peer)))
                .toList();
    }
}
