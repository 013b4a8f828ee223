package io.latchkey.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Csv;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.report.Report;
import io.latchkey.benchmarks.report.Sample;
import io.latchkey.benchmarks.workloads.Workload;
import io.latchkey.benchmarks.workloads.Workloads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

/** That the benchmark runs, from the first measurement to the last file. How fast anything was does not matter here. */
class QuickRunTest {
    private static final int ROUNDS = 2;

    @TempDir
    static Path directory;

    private static String output = "";

    @BeforeAll
    static void run() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Console console = new Console(new PrintStream(bytes, true, StandardCharsets.UTF_8), false);
        int code = BenchMain.run(BenchOptions.parse("--quick", "--out", directory.toString()), console);
        output = bytes.toString(StandardCharsets.UTF_8);
        assertThat(code).isZero();
    }

    @Test
    void eachWorkload_leavesEachFigureOfEachRound() throws IOException {
        for (Workload workload : Workloads.ALL) {
            List<Sample> samples = Csv.read(directory.resolve(workload.id() + ".csv"));
            assertThat(samples).as(workload.id()).isNotEmpty().allSatisfy(sample -> {
                assertThat(sample.workload()).isEqualTo(workload.id());
                assertThat(sample.metric()).isIn(workload.metrics());
                assertThat(sample.value()).isFinite().isNotNegative();
            });
            assertThat(samples).as(workload.id()).extracting(Sample::peer).contains(PeerKind.LATCHKEY.id());
            Map<String, Set<Integer>> rounds = samples.stream()
                    .collect(Collectors.groupingBy(
                            sample -> sample.setting() + ", " + sample.peer() + ", " + sample.metric(),
                            Collectors.mapping(Sample::round, Collectors.toCollection(TreeSet::new))));
            // A round in which nobody handed anything over has no median
            rounds.forEach((figure, of) -> assertThat(of)
                    .as(workload.id() + ": " + figure)
                    .isSubsetOf(IntStream.rangeClosed(1, ROUNDS).boxed().toList())
                    .satisfies(some -> assertThat(some.size() == ROUNDS
                                    || figure.contains(Metric.MEDIAN.name())
                                    || figure.contains(Metric.P99.name()))
                            .isTrue()));
        }
    }

    @Test
    void uncontended_hasEachPeerWithEachNumberOfThreadsAndClients() throws IOException {
        List<Sample> samples = Csv.read(directory.resolve("uncontended.csv"));
        for (String setting : List.of("1 thread, 1 client", "8 threads, 1 client", "8 threads, 2 clients")) {
            for (String peer : List.of("latchkey", "advisory", "updates-flushed", "updates")) {
                assertThat(samples)
                        .filteredOn(s -> s.setting().equals(setting) && s.peer().equals(peer))
                        .as(setting + ", " + peer)
                        .hasSize(ROUNDS)
                        .allSatisfy(sample -> assertThat(sample.value()).isPositive());
            }
        }
    }

    /** The server counts them: two statements per pair is what the design says, whatever the speed. */
    @Test
    void cost_countsTheStatementsOfAPair() throws IOException {
        for (String peer : List.of("latchkey", "advisory", "updates-flushed", "updates")) {
            assertThat(Csv.read(directory.resolve("cost.csv")))
                    .filteredOn(s -> s.peer().equals(peer) && s.metric() == Metric.STATEMENTS)
                    .as(peer)
                    .hasSize(ROUNDS)
                    .allSatisfy(sample -> assertThat(sample.value()).isBetween(1.9, 2.3));
        }
    }

    @Test
    void page_hasATableOfEachWorkload() throws IOException {
        String page = Files.readString(directory.resolve("results.md"));
        for (Workload workload : Workloads.ALL) {
            assertThat(page).contains("## " + workload.title()).contains("(" + workload.id() + ".csv)");
            assertThat(output).contains(workload.title());
        }
        assertThat(page).contains("measured on", "PostgreSQL").doesNotContain("null", "NaN", "Optional");
        // Spotless looks at pages in docs
        assertThat(page.lines().filter(line -> !line.equals(line.stripTrailing())))
                .isEmpty();
        assertThat(page).endsWith("|\n");
        assertThat(page.lines().filter(line -> line.startsWith("|") && !line.endsWith("|")))
                .isEmpty();
    }

    @Test
    void pictures_areWellFormedAndNameThePeers() throws Exception {
        assumeTrue(
                Report.missingForPictures().isEmpty(),
                () -> "needs: " + Report.missingForPictures().orElseThrow());
        List<Path> pictures;
        try (Stream<Path> files = Files.list(directory)) {
            pictures = files.filter(file -> file.toString().endsWith(".svg")).toList();
        }
        assertThat(pictures).hasSizeGreaterThanOrEqualTo(Workloads.ALL.size());
        for (Path picture : pictures) {
            Element root = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(picture.toFile())
                    .getDocumentElement();
            assertThat(root.getTagName()).isEqualTo("svg");
            assertThat(root.getAttribute("viewBox")).matches("0 0 \\d+ \\d+");
            assertThat(root.getTextContent()).as(picture.toString()).contains(PeerKind.LATCHKEY.title());
        }
        String page = Files.readString(directory.resolve("results.md"));
        assertThat(pictures).allSatisfy(picture -> assertThat(page).contains("](" + picture.getFileName() + ")"));
    }

    /** The page comes from the files alone. */
    @Test
    void report_writesTheSamePageAgain() throws Exception {
        Path page = directory.resolve("results.md");
        String before = Files.readString(page);
        Files.delete(page);
        Console silent = new Console(new PrintStream(new ByteArrayOutputStream()), false);
        assertThat(BenchMain.run(BenchOptions.parse("--report", "--out", directory.toString()), silent))
                .isZero();
        assertThat(Files.readString(page)).isEqualTo(before);
    }
}
