package io.latchkey.examples.demo;

import io.latchkey.examples.demo.Report.Kind;
import io.latchkey.examples.demo.Screen.Ink;
import io.latchkey.testkit.DatabaseAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Keeps three workers running for the reader to kill, stop and continue. One that dies is replaced. */
final class Stay {
    private static final String PACE = "work 200";
    private static final Duration OVERDUE = Duration.ofMillis(700);

    private final Screen screen;
    private final History history = new History();
    private final Timeline events;
    private long turns;

    Stay(Screen screen) {
        this.screen = screen;
        this.events = new Timeline(screen, history);
    }

    /** Ends with the JVM. */
    void run(Database database) throws InterruptedException {
        screen.heading("Staying, until Ctrl-C. In another terminal, kill one, or stop and continue it:");
        try (Crew crew = new Crew(database.url(), history::add)) {
            Crew.NAMES.subList(0, 3).forEach(name -> {
                Worker worker = crew.hire(name);
                screen.line(String.format(
                        Locale.ROOT, "  %-5s kill -9 %d    kill -STOP %2$d    kill -CONT %2$d", name, worker.pid()));
            });
            screen.line("  Who holds what:  TABLE latchkey.locks; TABLE latchkey.waiters;");
            if (database.isEmbedded()) {
                screen.line("  " + psql(DatabaseAddress.parse(database.url())));
            }
            screen.line("");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> screen.line(""), "demo-last-line"));
            long shownAt = System.nanoTime();
            while (true) {
                Report report = crew.next(Duration.ofMillis(100));
                if (report != null) {
                    heard(crew, report);
                }
                Duration pause = Duration.ofSeconds(screen.isInteractive() ? 1 : 5);
                if (System.nanoTime() - shownAt > pause.toNanos()) {
                    shownAt = System.nanoTime();
                    tick();
                }
            }
        }
    }

    private void heard(Crew crew, Report report) {
        String worker = report.worker();
        if (report.kind() == Kind.READY) {
            crew.worker(worker).tell(PACE);
        } else if (report.kind() == Kind.HELD) {
            turns++;
            tellIfLate(report);
            history.forgetAllBut(2_000);
        } else if (report.kind() == Kind.REFUSED) {
            event(
                    "✗",
                    "x",
                    worker,
                    "wakes up and writes: " + screen.paint(Ink.GREEN, "refused by the database") + " (SQLSTATE "
                            + report.text() + ")");
        } else if (report.kind() == Kind.STALE) {
            event("✗", "x", worker, screen.paint(Ink.RED, "A LATE WRITE WAS ACCEPTED"));
        } else if (report.kind() == Kind.ENDED) {
            crew.dismiss(crew.worker(worker));
            event(
                    "✗",
                    "x",
                    worker,
                    "is gone; a new one starts, pid " + crew.hire(worker).pid());
        }
    }

    /** Whether the lock came late, and why. */
    private void tellIfLate(Report report) {
        Turn turn = history.turn(report.token());
        Turn before = turn == null ? null : history.before(turn);
        if (before == null) {
            return;
        }
        boolean released = before.end() == Turn.End.RELEASED;
        Duration since = Duration.ofNanos(report.nanos() - (released ? before.endedAt() : before.heldAt()));
        if (since.compareTo(OVERDUE) > 0) {
            event(
                    "●",
                    "*",
                    report.worker(),
                    "has it, " + screen.time(since) + " after " + before.worker()
                            + (released ? "'s release: one in line fell silent" : " took it and fell silent"));
        }
    }

    private void event(String rich, String plain, String worker, String text) {
        screen.passing("");
        events.event(rich, plain, worker, text);
    }

    private void tick() {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%7.0f s  ", screen.seconds()));
        @Nullable Turn last = history.last();
        List<Duration> times = history.handOvers(0);
        line.append(Screen.number(turns)).append(" turns   hand-over: median ");
        line.append(screen.time(History.percentile(times, 50)));
        line.append(", last ").append(times.isEmpty() ? "-" : screen.time(lastHandOver()));
        line.append("   holder ").append(last == null ? "-" : last.worker());
        if (screen.isInteractive()) {
            screen.passing(line.toString());
        } else {
            screen.line(line.toString());
        }
    }

    private Duration lastHandOver() {
        @Nullable Turn turn = history.last();
        @Nullable Turn before = turn == null ? null : history.before(turn);
        return turn == null || before == null || before.endedAt() == 0
                ? Duration.ZERO
                : Duration.ofNanos(turn.heldAt() - before.endedAt());
    }

    /** The embedded server's password is of no worth to anybody else. */
    private static String psql(DatabaseAddress address) {
        return "psql postgresql://" + address.user() + ":" + address.password() + "@" + address.host() + ":"
                + address.port();
    }
}
