package io.latchkey.examples.demo;

import io.latchkey.examples.demo.Screen.Ink;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares what the workers told with what stands in the database, and says so. */
final class Verdict {
    private static final Duration LATE = Story.LEASE.plusSeconds(2);

    private final Screen screen;
    private int broken;

    Verdict(Screen screen) {
        this.screen = screen;
    }

    /** True if all is as it must be. */
    boolean pronounce(Outcome outcome, WorkTable table) throws SQLException {
        History history = outcome.history();
        screen.heading("Checked against the database");
        long rows = table.rows();
        expect(
                rows == history.written(),
                Screen.number(rows) + " rows, one for each turn that was completed",
                rows + " rows for " + history.written() + " completed turns");
        long disorder = table.rowsOutOfOrder();
        expect(disorder == 0, "every row has a higher token than the row before", disorder + " rows are out of order");
        long stale = table.rowsWithToken(outcome.killed().token())
                + table.rowsWithToken(outcome.stopped().token());
        expect(
                stale == 0 && outcome.lateWrite().kind() == Report.Kind.REFUSED,
                "no row from the killed holder, none from the one that overslept",
                "a write under a lease that was over has been accepted");
        long overlaps = history.overlaps();
        expect(
                overlaps == 0,
                "no turn began before the one before had ended",
                overlaps + " turns began before the one before had ended");
        List<Duration> times = history.handOvers(0);
        screen.line("  " + screen.paint(Ink.GREEN, screen.sign("✓", "+")) + " " + Screen.number(times.size())
                + " hand-overs, median "
                + screen.paint(Ink.BOLD, screen.time(History.percentile(times, 50))));
        takenOver(history, outcome.killed(), "the kill");
        takenOver(history, outcome.stopped(), "the stop");
        expect(
                !table.isLockInUse(),
                "the lock is free, nobody waits, all workers have ended",
                "the lock is still in use");
        return broken == 0;
    }

    private void takenOver(History history, Turn turn, String event) {
        @Nullable Turn next = history.after(turn.token());
        Duration took = next == null ? Duration.ofDays(1) : Duration.ofNanos(next.heldAt() - turn.endedAt());
        expect(
                took.compareTo(LATE) < 0,
                "after " + event + " the next one had it within " + screen.time(took),
                "after " + event + " nobody had it within " + LATE.toSeconds() + " s");
    }

    private void expect(boolean held, String good, String bad) {
        broken += held ? 0 : 1;
        screen.line("  "
                + (held
                        ? screen.paint(Ink.GREEN, screen.sign("✓", "+")) + " " + good
                        : screen.paint(Ink.RED, screen.sign("✗", "x") + " NOT AS EXPECTED: " + bad)));
    }
}
