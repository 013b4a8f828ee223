package io.latchkey.examples.demo;

import io.latchkey.examples.demo.Screen.Ink;
import java.sql.SQLException;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

/** The program behind {@code ./demo}. */
public final class DemoMain {
    private static final AtomicBoolean ENDING = new AtomicBoolean();

    private DemoMain() {}

    /**
     * Runs the demo and exits: 0 if all expectations held, 1 if not, 2 if it could not run.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ENDING.set(true), "demo-ending"));
        int code;
        try {
            code = run(DemoOptions.parse(arguments));
        } catch (DemoException | SQLException | IllegalStateException e) {
            // After Ctrl-C everything fails, and that is nobody's fault.
            Thread.sleep(300);
            if (!ENDING.get()) {
                System.err.println("demo: " + e.getMessage());
            }
            code = 2;
        }
        System.exit(code);
    }

    private static int run(DemoOptions options) throws InterruptedException, SQLException {
        if (options.help()) {
            System.out.println(DemoOptions.HELP);
            return 0;
        }
        Screen screen = Screen.ofTerminal();
        screen.passing(options.url() == null ? "Starting PostgreSQL ..." : "Connecting ...");
        try (Database database = Database.open(options.url())) {
            screen.passing("");
            screen.line(screen.paint(Ink.BOLD, "Latchkey") + "  PostgreSQL " + database.version()
                    + (database.isEmbedded() ? ", embedded" : ", yours") + "; lock '" + Story.LOCK + "', lease "
                    + Story.LEASE.toSeconds() + " s");
            Outcome outcome = new Story(screen, database).play();
            boolean good = new Verdict(screen).pronounce(outcome, database.table());
            screen.line("");
            screen.line(
                    good
                            ? screen.paint(Ink.GREEN, "All expectations held.") + " "
                                    + String.format(Locale.ROOT, "%.0f s.", screen.seconds())
                            : screen.paint(Ink.RED, "Some expectations did not hold; see above."));
            if (good && options.stay()) {
                database.table().empty();
                new Stay(screen).run(database);
            }
            return good ? 0 : 1;
        }
    }
}
