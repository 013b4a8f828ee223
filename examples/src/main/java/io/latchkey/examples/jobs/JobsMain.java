package io.latchkey.examples.jobs;

import io.latchkey.Latchkey;
import io.latchkey.examples.demo.Screen;
import io.latchkey.examples.demo.Screen.Ink;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A scheduled job on two instances that runs exactly once per period, while one of them is killed again and again in the middle of
 * it: the program behind {@code ./demo jobs}. Exit code: 0 if that held, else 1.
 */
public final class JobsMain implements AutoCloseable {
    private static final int KILLS = 4;
    private static final int PERIODS_AFTER = 2;
    private static final Duration LIMIT = Duration.ofMinutes(2);

    private final Screen screen = Screen.ofTerminal();
    private final BlockingQueue<Instance.Event> events = new LinkedBlockingQueue<>();
    private final String url;
    private final Instance ada;
    private Instance ben;
    private int kills;
    private int runsSinceKill;
    private long killedAt;
    private boolean good = true;

    private JobsMain(String url) {
        this.url = url;
        this.ada = new Instance("ada", url, 30, events); // a little late, so that ben gets to work
        this.ben = new Instance("ben", url, 0, events);
    }

    /**
     * Runs it.
     *
     * @param arguments a JDBC URL, or nothing for an embedded server
     */
    public static void main(String[] arguments) throws InterruptedException, SQLException {
        boolean good;
        if (arguments.length > 0) {
            good = run(arguments[0]);
        } else {
            try (CrashableServer server = PostgresServer.start()) {
                good = run(server.address().url());
            }
        }
        System.exit(good ? 0 : 1);
    }

    private static boolean run(String url) throws InterruptedException, SQLException {
        Latchkey.connect(url).close(); // installs the schema
        Runs runs = new Runs(url);
        runs.create();
        try (JobsMain jobs = new JobsMain(url)) {
            jobs.watch();
            return jobs.verdict(runs);
        } finally {
            runs.drop();
        }
    }

    private void watch() throws InterruptedException {
        screen.heading("One job, two instances, every " + JobInstanceMain.PERIOD.toMillis()
                + " ms; ben is killed whenever it works");
        long start = System.nanoTime();
        while (kills < KILLS || runsSinceKill < PERIODS_AFTER) {
            Instance.Event event = events.poll(1, TimeUnit.SECONDS);
            if (event != null) {
                heard(event);
            }
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                expect(false, "", "only " + kills + " kills in " + LIMIT.toSeconds() + " s");
                return;
            }
        }
        ada.close();
        ben.close();
    }

    private void heard(Instance.Event event) {
        if (event.what().equals("ran")) {
            runsSinceKill++;
            String late = killedAt == 0
                    ? ""
                    : "   " + screen.paint(Ink.YELLOW, screen.time(Duration.ofNanos(System.nanoTime() - killedAt)))
                            + " after the kill";
            killedAt = 0;
            screen.event(who(Ink.GREEN, "●", "*", event) + "  token " + event.token() + late);
        } else if (event.from() == ben && kills < KILLS && runsSinceKill > 0) {
            ben.kill();
            kills++;
            runsSinceKill = 0;
            killedAt = System.nanoTime();
            screen.event(who(Ink.RED, "✗", "x", event) + "  kill -9 " + ben.pid() + ", in the middle of the job");
            ben = new Instance("ben", url, 0, events);
        }
    }

    private String who(Ink ink, String rich, String plain, Instance.Event event) {
        return "period " + event.period() % 1000 + "  "
                + screen.paint(
                        ink, screen.sign(rich, plain) + " " + event.from().name());
    }

    private boolean verdict(Runs runs) throws SQLException {
        screen.heading("Checked against the database");
        long all = runs.inAll();
        expect(runs.repeated() == 0, all + " runs, none of them twice in a period", runs.repeated() + " ran twice");
        expect(runs.missed() == 0, "no period without a run", runs.missed() + " periods without a run");
        expect(runs.outOfOrder() == 0, "fencing tokens rise from run to run", runs.outOfOrder() + " are out of order");
        screen.line("");
        screen.line(good ? "Exactly once per period, over " + kills + " kills." : "NOT AS EXPECTED.");
        return good;
    }

    private void expect(boolean held, String yes, String no) {
        good &= held;
        screen.line("  "
                + (held
                        ? screen.paint(Ink.GREEN, screen.sign("✓", "+")) + " " + yes
                        : screen.paint(Ink.RED, screen.sign("✗", "x") + " NOT AS EXPECTED: " + no)));
    }

    @Override
    public void close() {
        ada.close();
        ben.close();
    }
}
