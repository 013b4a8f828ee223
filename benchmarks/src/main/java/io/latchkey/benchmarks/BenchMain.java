package io.latchkey.benchmarks;

import io.latchkey.benchmarks.report.Results;
import io.latchkey.benchmarks.report.Tables;
import io.latchkey.benchmarks.servers.Servers;
import io.latchkey.benchmarks.workloads.Bench;
import io.latchkey.benchmarks.workloads.Workload;

/** The program behind {@code ./bench}. */
public final class BenchMain {
    private BenchMain() {}

    /** Measures, prints, and writes files. Exits with 2 if it cannot. */
    public static void main(String... arguments) {
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
        Results results = new Results();
        try (Servers servers = new Servers()) {
            Bench bench = new Bench(
                    options.scale(), options.peers(), servers, results, console::passing, console::note);
            for (Workload workload : options.workloads()) {
                workload.run(bench);
                Tables.of(results, workload).forEach(console::table);
            }
        }
        return 0;
    }
}
