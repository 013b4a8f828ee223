package io.latchkey.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each workload's figures were taken on, as a CSV file: workloads may be measured again one by one. */
public final class Facts {
    private static final String HEAD = "workload,fact,value";

    private final Map<String, Map<String, String>> byWorkload = new LinkedHashMap<>();

    /** Reads them; none if there is no such file. */
    public static Facts read(Path file) throws IOException {
        Facts facts = new Facts();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                List<String> fields = Csv.fields(line);
                if (!line.equals(HEAD)) {
                    facts.byWorkload
                            .computeIfAbsent(fields.get(0), id -> new LinkedHashMap<>())
                            .put(fields.get(1), fields.get(2));
                }
            }
        }
        return facts;
    }

    /** Replaces those of some workloads. */
    public void put(Collection<String> workloads, Map<String, String> facts) {
        workloads.forEach(workload -> byWorkload.put(workload, facts));
    }

    /** Writes them. */
    public void write(Path file) throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEAD));
        byWorkload.forEach((workload, facts) ->
                facts.forEach((fact, value) -> lines.add(workload + "," + Csv.quoted(fact) + "," + Csv.quoted(value))));
        Files.write(file, lines);
    }

    /** Facts, and which workloads they are true for. */
    Map<Map<String, String>, List<String>> groups() {
        Map<Map<String, String>, List<String>> groups = new LinkedHashMap<>();
        byWorkload.forEach((workload, facts) ->
                groups.computeIfAbsent(facts, key -> new ArrayList<>()).add(workload));
        return groups;
    }
}
