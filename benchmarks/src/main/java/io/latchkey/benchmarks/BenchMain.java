package io.latchkey.benchmarks;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Machine;
import io.latchkey.benchmarks.report.Report;
import io.latchkey.benchmarks.report.Results;
import io.latchkey.benchmarks.report.Tables;
import io.latchkey.benchmarks.servers.MissingException;
import io.latchkey.benchmarks.servers.Servers;
import io.latchkey.benchmarks.workloads.Bench;
import io.latchkey.benchmarks.workloads.Workload;
import io.latchkey.benchmarks.workloads.Workloads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogManager;

/** The program behind {@code ./bench}. */
public final class BenchMain {
    private BenchMain() {}

    /** Measures, prints, and writes files. Exits with 2 if it cannot. */
    public static void main(String... arguments) {
        quietLogs();
        int code;
        try {
            code = run(BenchOptions.parse(arguments), Console.ofThisProcess());
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            code = 2;
        } catch (Exception e) {
            e.printStackTrace();
            code = 1;
        }
        System.exit(code);
    }

    static int run(BenchOptions options, Console console) throws Exception {
        if (options.help()) {
            console.line(BenchOptions.HELP);
            return 0;
        }
        Report report = new Report(options.out());
        if (!options.reportOnly()) {
            measure(options, console, report);
        }
        Report.missingForPictures().ifPresent(missing -> console.note("No pictures are drawn: this needs " + missing));
        report.writePage(Workloads.ALL);
        console.title("Written to " + options.out() + ": CSV files, pictures, results.md");
        return 0;
    }

    private static void measure(BenchOptions options, Console console, Report report) throws Exception {
        Results results = new Results();
        long start = System.nanoTime();
        Map<String, String> facts = Machine.facts();
        Machine.warning(facts).ifPresent(console::note);
        try (Servers servers = new Servers()) {
            List<PeerKind> peers = available(options.peers(), servers, console);
            facts.put("servers", servers.versions());
            console.line(facts.get("processors") + "; " + facts.get("servers"));
            Bench bench = new Bench(options.scale(), peers, servers, results, console::passing, console::note);
            for (Workload workload : options.workloads()) {
                workload.run(bench);
                Tables.of(results, workload).forEach(console::table);
                report.writeFigures(results, List.of(workload), facts);
            }
        }
        console.title(String.format(Locale.ROOT, "%.0f s", (System.nanoTime() - start) / 1e9));
    }

    /** Starts all servers that are needed; peers without one are left out. */
    private static List<PeerKind> available(List<PeerKind> wanted, Servers servers, Console console)
            throws IOException {
        List<PeerKind> available = new ArrayList<>();
        for (PeerKind kind : wanted) {
            console.passing("Starting the server of " + kind.title());
            try {
                servers.get(kind.server());
                available.add(kind);
            } catch (MissingException e) {
                console.note(kind.title() + " is left out: " + e.getMessage());
            }
        }
        return available;
    }

    /** Some peers log through it, and nobody wants to read that between tables. */
    private static void quietLogs() {
        LogManager.getLogManager().getLogger("").setLevel(Level.WARNING);
    }
}
