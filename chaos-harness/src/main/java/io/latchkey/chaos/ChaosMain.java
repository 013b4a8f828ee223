package io.latchkey.chaos;

import io.latchkey.chaos.bugs.SeededBug;
import io.latchkey.chaos.check.Violation;
import io.latchkey.chaos.faults.Catalog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The program behind {@code ./chaos}. */
public final class ChaosMain {
    private static final boolean COLOUR = Boolean.getBoolean("latchkey.chaos.colour");

    private ChaosMain() {}

    /**
     * Makes a run and exits; see {@code --help}.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        int code;
        try {
            code = run(List.of(arguments));
        } catch (ChaosException | IllegalArgumentException e) {
            System.err.println("chaos: " + e.getMessage());
            code = 2;
        } catch (Exception e) {
            System.err.println("chaos: the run could not be made: " + e);
            e.printStackTrace();
            code = 2;
        }
        System.exit(code);
    }

    private static int run(List<String> arguments) throws Exception {
        if (arguments.contains("--help") || arguments.contains("-h")) {
            System.out.print(ChaosOptions.HELP);
            return 0;
        } else if (arguments.equals(List.of("--list"))) {
            list();
            return 0;
        } else if (arguments.equals(List.of("--bugs"))) {
            return bugs();
        }
        ChaosOptions options = ChaosOptions.parse(arguments);
        return options.bug().isPresent() ? bug(SeededBug.named(options.bug().get())) : judge(options);
    }

    private static void list() {
        System.out.println("Faults:");
        Catalog.all().forEach(kind -> System.out.println("  " + kind.name()));
        System.out.println("Bugs:");
        SeededBug.all().forEach(bug -> System.out.printf("  %-22s %s%n", bug.name(), bug.sentence()));
    }

    private static int judge(ChaosOptions options) throws Exception {
        System.out.printf(
                Locale.ROOT,
                "%s  %d workers, sessions of %d ms, %.1f minutes, seed %d%n",
                bold("Latchkey chaos"),
                options.workers(),
                options.sessionTimeout().toMillis(),
                options.time().toMillis() / 60_000.0,
                options.seed());
        ChaosRun.Verdict verdict = new ChaosRun(options, System.out::println).run();
        print(verdict.figures());
        if (verdict.violations().isEmpty()) {
            System.out.println(green("No violations.") + " Again: ./chaos --minutes "
                    + options.time().toMillis() / 60_000.0 + " --seed " + options.seed());
            return 0;
        }
        print(verdict);
        return 1;
    }

    private static int bugs() throws Exception {
        List<String> missed = new ArrayList<>();
        for (SeededBug bug : SeededBug.all()) {
            if (bug(bug) != 0) {
                missed.add(bug.name());
            }
        }
        System.out.println(missed.isEmpty() ? green("All bugs were found.") : red("Not found: " + missed));
        return missed.isEmpty() ? 0 : 1;
    }

    private static int bug(SeededBug bug) throws Exception {
        System.out.println(
                bold(bug.name()) + "  " + bug.sentence() + "; seed " + bug.run().seed());
        long began = System.nanoTime();
        ChaosRun.Verdict verdict = new ChaosRun(options(bug), line -> {}).run();
        if (bug.properties().isEmpty()) { // a control
            System.out.println(verdict.violations().isEmpty() ? green("nothing found, as it should be") : red("found"));
            if (!verdict.violations().isEmpty()) {
                story(verdict);
            }
            return verdict.violations().isEmpty() ? 0 : 1;
        } else if (!verdict.finds(bug)) {
            System.out.println(red("not found"));
            if (!verdict.violations().isEmpty()) {
                print(verdict);
            }
            return 1;
        }
        System.out.printf(Locale.ROOT, "%s after %.0f s%n", green("found"), (System.nanoTime() - began) / 1e9);
        story(verdict);
        return 0;
    }

    /** The run in which a bug is to be found. */
    static ChaosOptions options(SeededBug bug) {
        return new ChaosOptions(
                Duration.ofSeconds(110),
                bug.run().seed(),
                3,
                bug.run().sessionTimeout(),
                Optional.of(bug.run().faults()),
                Optional.of(bug.name()),
                0);
    }

    private static void print(Figures figures) {
        System.out.printf(
                Locale.ROOT,
                "%n%,d operations, %,d grants (%,d of them after waiting, %,d = %.2f %% by the backstop), %,d guarded commits%n",
                figures.operations(),
                figures.grants(),
                figures.queued(),
                figures.missed(),
                figures.missedPercent(),
                figures.writes());
        System.out.printf("%d faults of %d kinds%n%n", figures.faults(), figures.kinds());
        figures.table().forEach(System.out::println);
        System.out.println();
    }

    private static void print(ChaosRun.Verdict verdict) {
        System.out.println(red(verdict.violations().size() + " violations."));
        verdict.violations().stream()
                .limit(8)
                .forEach(violation -> System.out.println("  " + violation.property() + ": " + violation.sentence()));
        story(verdict);
    }

    private static void story(ChaosRun.Verdict verdict) {
        Violation violation = StoryTeller.shortest(verdict.violations());
        System.out.println();
        System.out.println("  " + violation.property() + ": " + violation.sentence());
        new StoryTeller(verdict.history(), verdict.startedAt()).tell(violation).forEach(System.out::println);
        System.out.println();
    }

    private static String bold(String text) {
        return painted("1", text);
    }

    private static String green(String text) {
        return painted("32", text);
    }

    private static String red(String text) {
        return painted("31", text);
    }

    private static String painted(String code, String text) {
        return COLOUR ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
