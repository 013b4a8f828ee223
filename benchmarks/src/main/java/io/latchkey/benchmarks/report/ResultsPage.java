package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.workloads.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The page that is written from the figures, and never by hand. */
final class ResultsPage {
    private final Results results;
    private final Facts facts;
    private final List<String> lines = new ArrayList<>();

    private ResultsPage(Results results, Facts facts) {
        this.results = results;
        this.facts = facts;
    }

    /**
     * Its lines.
     *
     * @param pictures the file names of each workload's pictures
     */
    static List<String> lines(
            Results results, Facts facts, List<Workload> workloads, Map<String, List<String>> pictures) {
        ResultsPage page = new ResultsPage(results, facts);
        page.begin();
        page.targets();
        page.whereAPeerIsBetter(workloads);
        for (Workload workload : workloads) {
            page.workload(workload, pictures.getOrDefault(workload.id(), List.of()));
        }
        page.peers();
        return page.lines;
    }

    private void say(String... text) {
        lines.addAll(List.of(text));
    }

    private void begin() {
        say(
                "# Results",
                "",
                "Written by `./bench` from the CSV files beside it; what is measured and how to read it is said in"
                        + " [benchmarks.md](../benchmarks.md). Medians, with the lowest and the highest round; ratios are"
                        + " made within a round.",
                "");
        facts.groups().forEach((group, workloads) -> {
            if (facts.groups().size() > 1) {
                say(String.join(", ", workloads) + ":", "");
            }
            Machine.warning(group).ifPresent(warning -> say("**" + warning + "**", ""));
            List<List<String>> rows = group.entrySet().stream()
                    .map(fact -> List.of(fact.getKey(), fact.getValue()))
                    .toList();
            lines.addAll(new Table("", List.of("", "measured on"), rows).markdown());
        });
    }

    private void targets() {
        Table table = Target.table(results);
        if (!table.rows().isEmpty()) {
            say("## What it was meant to reach", "");
            lines.addAll(table.markdown());
        }
    }

    private void whereAPeerIsBetter(List<Workload> workloads) {
        List<String> better = new ArrayList<>();
        for (Workload workload : workloads) {
            if (workload.layout() == Workload.Layout.SIDE_BY_SIDE) {
                results.settings(workload.id()).forEach(setting -> better(better, workload, setting));
            }
        }
        if (!better.isEmpty()) {
            say("## Where a peer is better", "");
            lines.addAll(better);
            say("");
        }
    }

    private void better(List<String> better, Workload workload, String setting) {
        for (PeerKind peer : PeerKind.values()) {
            for (Metric metric : workload.metrics()) {
                boolean compared = metric == workload.metrics().get(0) || metric == Metric.MEDIAN;
                if (peer.role() == PeerKind.Role.PEER && compared) {
                    results.timesBetter(workload.id(), setting, peer.id(), PeerKind.LATCHKEY.id(), metric)
                            .filter(times -> times.median() > 1)
                            .ifPresent(times -> better.add("- " + workload.id() + ", " + setting + ", " + metric.unit()
                                    + ": " + peer.title() + ", by " + times.text("x")));
                }
            }
        }
    }

    private void workload(Workload workload, List<String> pictures) {
        List<Table> tables = Tables.of(results, workload);
        if (tables.isEmpty()) {
            return;
        }
        say("## " + workload.title(), "");
        pictures.forEach(picture -> say("![" + workload.title() + "](" + picture + ")", ""));
        for (Table table : tables) {
            String title = table.title().equals(workload.title())
                    ? ""
                    : table.title().substring(workload.title().length() + 2);
            lines.addAll(new Table(title, table.head(), table.rows()).markdown());
        }
        say("Figures: [" + workload.id() + ".csv](" + workload.id() + ".csv)", "");
    }

    private void peers() {
        say("## Who takes part, and how it is set up", "");
        List<List<String>> rows = new ArrayList<>();
        for (PeerKind peer : PeerKind.values()) {
            String settings = peer.settings().stream()
                    .map(setting -> setting.what() + " ("
                            + (setting.source().startsWith("http")
                                    ? "[source](" + setting.source() + ")"
                                    : setting.source())
                            + ")")
                    .collect(Collectors.joining("; "));
            rows.add(List.of(peer.title() + " (`" + peer.id() + "`)", peer.durability(), settings));
        }
        say("| | on the disk when a lock is granted | settings |", "|---|---|---|");
        rows.forEach(row -> say("| " + String.join(" | ", row) + " |"));
    }
}
