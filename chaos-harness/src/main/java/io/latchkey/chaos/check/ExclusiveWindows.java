package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Two leases of one resource are never valid at the same moment, unless both are shared. */
public final class ExclusiveWindows implements Property {
    @Override
    public String name() {
        return "exclusion";
    }

    private record Valid(Attempt attempt, Span span) {}

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        for (List<Attempt> attempts : history.attempts().values()) {
            if (!attempts.isEmpty() && attempts.get(0).resource().permits() == 0) {
                judge(windows(attempts), found);
            }
        }
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    private static List<Valid> windows(List<Attempt> attempts) {
        List<Valid> windows = new ArrayList<>();
        for (Attempt attempt : attempts) {
            attempt.window().ifPresent(span -> windows.add(new Valid(attempt, span)));
        }
        windows.sort(Comparator.comparingLong(window -> window.span().from()));
        return windows;
    }

    private void judge(List<Valid> windows, List<Violation> found) {
        Valid exclusive = null; // of those so far, the one that lasts longest
        Valid shared = null;
        for (Valid next : windows) {
            compare(exclusive, next, found);
            if (next.attempt().mode().isShared()) {
                shared = longer(shared, next);
            } else {
                compare(shared, next, found);
                exclusive = longer(exclusive, next);
            }
        }
    }

    private void compare(@Nullable Valid before, Valid next, List<Violation> found) {
        if (before != null && before.span().overlaps(next.span())) {
            Attempt a = before.attempt();
            Attempt b = next.attempt();
            found.add(Violation.of(
                    this,
                    a.resource() + ": the leases with tokens " + a.token() + " (" + a.worker() + ") and " + b.token()
                            + " (" + b.worker() + ") were valid at the same time",
                    next.span().from(),
                    a,
                    b));
        }
    }

    private static Valid longer(@Nullable Valid a, Valid b) {
        return a == null || a.span().until() < b.span().until() ? b : a;
    }
}
