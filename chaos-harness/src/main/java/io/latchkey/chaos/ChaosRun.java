package io.latchkey.chaos;

import io.latchkey.Durability;
import io.latchkey.Latchkey;
import io.latchkey.chaos.bugs.SeededBug;
import io.latchkey.chaos.check.Checker;
import io.latchkey.chaos.check.Residue;
import io.latchkey.chaos.check.Violation;
import io.latchkey.chaos.faults.Catalog;
import io.latchkey.chaos.faults.Cluster;
import io.latchkey.chaos.faults.FaultKind;
import io.latchkey.chaos.faults.Nemesis;
import io.latchkey.chaos.faults.Surroundings;
import io.latchkey.chaos.faults.WorkerProcess;
import io.latchkey.chaos.faults.World;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.HistoryReader;
import io.latchkey.chaos.history.Outage;
import io.latchkey.chaos.history.Row;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One run, from the empty database to the verdict. For one thread. */
final class ChaosRun {
    private static final Duration LOOK_EVERY = Duration.ofSeconds(2);

    private final ChaosOptions options;
    private final Optional<SeededBug> bug;
    private final Consumer<String> log;
    private final Checker checker;
    private final HistoryReader reader = new HistoryReader();
    private final Path directory;
    private final long startedAt = System.nanoTime();
    private final List<String> surprises = new ArrayList<>();
    private long lookedAt = startedAt;
    private List<Violation> found = List.of();
    private @Nullable Nemesis nemesis;

    /** What came of it. */
    record Verdict(List<Violation> violations, History history, Figures figures, long startedAt) {
        /** Whether what is violated is what this bug violates. */
        boolean finds(SeededBug bug) {
            return shows(bug, violations);
        }
    }

    ChaosRun(ChaosOptions options, Consumer<String> log) {
        this.options = options;
        this.bug = options.bug().map(SeededBug::named);
        this.log = log;
        this.checker = new Checker(patience());
        try {
            this.directory = Files.createTempDirectory("latchkey-chaos-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The backstop looks every third of a timeout; the rest is for a machine that is busy with other things. */
    private Duration patience() {
        return options.sessionTimeout().dividedBy(3).plusSeconds(bug.isEmpty() ? 8 : 4);
    }

    /** Long enough for the effects of all faults to be over, and then for a waiter to be forgotten. */
    private Duration calm() {
        if (bug.isPresent() && !bug.get().properties().isEmpty() && !bug.get().needsCalm()) {
            return Duration.ofMillis(200);
        }
        return options.sessionTimeout().multipliedBy(4).plus(patience()).plusSeconds(1);
    }

    Verdict run() throws Exception {
        List<WorkerProcess> workers = new ArrayList<>();
        List<FaultKind> kinds = kinds();
        try (Surroundings surroundings = new Surroundings(kinds);
                Cluster cluster = Cluster.start(surroundings)) {
            try {
                surroundings.missing(kinds).forEach(this::say);
                return run(cluster, workers, surroundings.possible(kinds));
            } finally {
                workers.forEach(WorkerProcess::close);
            }
        } finally {
            deleteDirectory();
        }
    }

    private Verdict run(Cluster cluster, List<WorkerProcess> workers, List<FaultKind> kinds) throws Exception {
        prepare(cluster);
        SplittableRandom seeds = new SplittableRandom(options.seed());
        WorkerProcess.Settings settings = new WorkerProcess.Settings(
                directory,
                options.sessionTimeout(),
                bug.map(one -> one.run().durability()).orElse(Durability.AUTO),
                bug.map(one -> one.compile(directory)).orElse(""));
        for (int i = 1; i <= options.workers(); i++) {
            workers.add(new WorkerProcess(i, settings, cluster, reader, seeds.split()));
        }
        workers.forEach(WorkerProcess::awaitReady);
        World world = new World(cluster, workers, options.sessionTimeout());
        Nemesis started = new Nemesis(world, kinds, options.seed(), calm(), bug.isPresent() ? 4 : 10, this::say);
        nemesis = started;
        started.run(options.time(), options.leastFaults(), () -> look(workers));
        started.rest(calm(), () -> look(workers));
        boolean earlyEnd = isFound();
        List<Residue> residues = earlyEnd ? List.of() : new Quiet(cluster, workers, options).residues();
        History history = judged(workers);
        if (!earlyEnd) {
            history.rows(rows(cluster));
            found = new ArrayList<>(checker.violations(history));
            found.addAll(Residue.violations(residues, System.nanoTime()));
        }
        return new Verdict(found, history, Figures.of(history, reader, options), startedAt);
    }

    private void prepare(Cluster cluster) throws SQLException {
        Latchkey.builder(cluster.address().url()).holder("installer").connect().close();
        cluster.prepare((int) options.sessionTimeout().toMillis());
        if (bug.isPresent()) {
            bug.get().patch(cluster);
        }
    }

    private List<FaultKind> kinds() {
        return options.faults().map(Catalog::named).orElseGet(Catalog::all);
    }

    private void say(String line) {
        log.accept(String.format(java.util.Locale.ROOT, "%7.1f s  %s", (System.nanoTime() - startedAt) / 1e9, line));
    }

    /** With a bug a run ends as soon as it is found, whatever else is; without one it goes on. */
    private boolean look(List<WorkerProcess> workers) {
        if (bug.isPresent() && System.nanoTime() - lookedAt >= LOOK_EVERY.toNanos()) {
            found = checker.violations(judged(workers));
            lookedAt = System.nanoTime();
        }
        return isFound();
    }

    private boolean isFound() {
        return bug.isPresent() && shows(bug.get(), found);
    }

    /** Whether one of these is what the bug violates; for a control, which has no bug, any. */
    private static boolean shows(SeededBug bug, List<Violation> violations) {
        return violations.stream()
                .anyMatch(violation ->
                        bug.properties().isEmpty() || bug.properties().contains(violation.property()));
    }

    private History judged(List<WorkerProcess> workers) {
        // The faults first: what is read after that happened under no other.
        List<Outage> outages = nemesis == null ? List.of() : nemesis.outages();
        History history = reader.read();
        history.outages(outages);
        for (WorkerProcess worker : workers) {
            worker.surprises().forEach(surprise -> {
                if (surprises.size() < 20) {
                    surprises.add(surprise);
                    history.surprise(surprise);
                }
            });
        }
        return history;
    }

    private static List<Row> rows(Cluster cluster) throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT id, resource, token, place FROM chaos.written")) {
            while (row.next()) {
                rows.add(new Row(row.getLong(1), row.getInt(2), row.getLong(3), row.getLong(4)));
            }
        }
        return rows;
    }

    private void deleteDirectory() {
        try (var files = Files.walk(directory)) {
            files.sorted(java.util.Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            log.accept("left behind: " + directory);
        }
    }
}
