package io.latchkey.benchmarks.report;

import io.latchkey.benchmarks.workloads.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files of a run: figures, pictures, and a page with tables. */
public final class Report {
    private static final String FACTS = "environment.csv";

    private final Path directory;

    /** Files in this directory, which is made if need be. */
    public Report(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /** Writes the figures of some workloads, and what they were taken on. */
    public void writeFigures(Results results, List<Workload> workloads, Map<String, String> facts) throws IOException {
        List<String> measured = new ArrayList<>();
        for (Workload workload : workloads) {
            if (!results.of(workload.id()).isEmpty()) {
                Csv.write(directory.resolve(workload.id() + ".csv"), results.of(workload.id()));
                measured.add(workload.id());
            }
        }
        Facts all = Facts.read(directory.resolve(FACTS));
        all.put(measured, facts);
        all.write(directory.resolve(FACTS));
    }

    /** Reads the figures of all workloads that were ever written here. */
    public Results readFigures(List<Workload> workloads) throws IOException {
        Results results = new Results();
        for (Workload workload : workloads) {
            Path file = directory.resolve(workload.id() + ".csv");
            if (Files.exists(file)) {
                results.addAll(Csv.read(file));
            }
        }
        return results;
    }

    /** What is missing on this machine to draw pictures; empty if nothing is. */
    public static Optional<String> missingForPictures() {
        return Svg.obstacle();
    }

    /** Writes pictures (where they can be drawn) and tables of all figures here. */
    public void writePage(List<Workload> workloads) throws IOException {
        Results results = readFigures(workloads);
        boolean drawn = missingForPictures().isEmpty();
        Map<String, List<String>> pictures = new HashMap<>();
        for (Workload workload : workloads) {
            List<String> names = new ArrayList<>();
            for (Picture picture : drawn ? Pictures.of(results, workload) : List.<Picture>of()) {
                Svg.write(directory.resolve(picture.file()), picture);
                names.add(picture.file());
            }
            pictures.put(workload.id(), names);
        }
        Files.write(
                directory.resolve("results.md"),
                ResultsPage.lines(results, Facts.read(directory.resolve(FACTS)), workloads, pictures));
    }
}
