package io.latchkey.examples.demo;

import io.latchkey.examples.demo.Screen.Ink;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shows who holds the lock, in the order of the grants, each with how it came to it. For one thread. */
final class Timeline {
    private static final List<Ink> INKS = List.of(Ink.CYAN, Ink.MAGENTA, Ink.BLUE, Ink.GREEN);

    private final Screen screen;
    private final History history;
    private long shown;
    private boolean visible = true;

    Timeline(Screen screen, History history) {
        this.screen = screen;
        this.history = history;
    }

    /** Whether turns are shown; those that are not are skipped. */
    void show(boolean all) {
        visible = all;
    }

    /** Shows all turns of which it is known what was before. */
    void update() {
        for (Turn turn = history.after(shown); turn != null; turn = history.after(shown)) {
            Turn before = history.before(turn);
            if (before != null && before.end() == Turn.End.NOT_YET) {
                return;
            }
            shown = turn.token();
            if (visible) {
                event("●", "*", turn.worker(), "token " + turn.token() + "   " + how(turn, before));
            }
        }
    }

    boolean hasShown(long token) {
        return shown >= token;
    }

    /** Something about a worker. */
    void event(String rich, String plain, String worker, String text) {
        screen.event(screen.paint(ink(worker), screen.sign(rich, plain) + " " + pad(worker)) + "  " + text);
    }

    private String how(Turn turn, @Nullable Turn before) {
        if (before == null) {
            return "was free";
        }
        String time = screen.time(Duration.ofNanos(turn.heldAt() - before.endedAt()));
        return switch (before.end()) {
            case RELEASED -> screen.paint(Ink.GREEN, time) + " after " + before.worker() + "'s release";
            case KILLED -> screen.paint(Ink.YELLOW, time) + " after the kill: lease over";
            default -> screen.paint(Ink.YELLOW, time) + " after the stop: lease over";
        };
    }

    private static String pad(String worker) {
        return (worker + "    ").substring(0, 4);
    }

    private static Ink ink(String worker) {
        return INKS.get(Math.max(0, Crew.NAMES.indexOf(worker)));
    }
}
