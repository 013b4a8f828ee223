package io.latchkey.benchmarks.workloads;

import static java.util.Objects.requireNonNull;

import io.latchkey.benchmarks.jmh.LocalAnswersBenchmark;
import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.report.Metric;
import io.latchkey.benchmarks.report.Sample;
import io.latchkey.internal.CombinerBenchmark;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** What happens inside the JVM, with JMH: Latchkey alone. The rounds are iterations. */
final class InProcess implements Workload {
    static final String ID = "in-process";
    private static final String ALLOCATED = "gc.alloc.rate.norm";
    private static final Map<String, String> TITLES = Map.of(
            "isValid", "lease.isValid()",
            "isLeader", "election.isLeader()",
            "nameOfAscii", "a name is checked, 25 ASCII characters",
            "nameOfOtherLetters", "a name is checked, other letters",
            "loneCaller", "queue of calls, without a database: 1 thread",
            "eightCallers", "queue of calls, without a database: 8 threads");

    @Override
    public String id() {
        return ID;
    }

    @Override
    public String title() {
        return "Inside the JVM";
    }

    @Override
    public List<Metric> metrics() {
        return List.of(Metric.NANOS, Metric.ALLOCATED);
    }

    @Override
    public Layout layout() {
        return Layout.ALONE;
    }

    @Override
    public void run(Bench bench) throws Exception {
        Scale scale = bench.scale();
        bench.progress().accept("JMH");
        String url = bench.servers().postgres().address(ID);
        System.setProperty(LocalAnswersBenchmark.URL, url); // without a fork
        System.setProperty("jmh.ignoreLock", "true"); // a file that one user leaves behind locks all others out
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(LocalAnswersBenchmark.class.getName())
                .include(CombinerBenchmark.class.getName())
                .forks(scale.forks())
                .jvmArgsAppend("-D" + LocalAnswersBenchmark.URL + "=" + url)
                .warmupIterations(3)
                .warmupTime(TimeValue.milliseconds((long) (scale.seconds() * 1e3)))
                .measurementIterations(scale.rounds())
                .measurementTime(TimeValue.milliseconds((long) (scale.seconds() * 1e3)))
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        for (RunResult result : new Runner(options.build()).run()) {
            add(bench, result);
        }
    }

    private static void add(Bench bench, RunResult run) {
        String label = run.getParams().getBenchmark();
        String name = label.substring(label.lastIndexOf('.') + 1);
        String setting = TITLES.getOrDefault(name, name);
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            int round = 0;
            for (IterationResult iteration : fork.getIterationResults()) {
                round++;
                add(bench, setting, round, Metric.NANOS, iteration.getPrimaryResult());
                add(
                        bench,
                        setting,
                        round,
                        Metric.ALLOCATED,
                        requireNonNull(iteration.getSecondaryResults().get(ALLOCATED)));
            }
        }
    }

    private static void add(Bench bench, String setting, int round, Metric metric, Result<?> result) {
        bench.results().add(new Sample(ID, setting, PeerKind.LATCHKEY.id(), round, metric, result.getScore()));
    }
}
