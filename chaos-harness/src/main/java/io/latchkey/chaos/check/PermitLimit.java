package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Span;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The valid leases of a semaphore never have more permits together than there are. */
public final class PermitLimit implements Property {
    @Override
    public String name() {
        return "permits";
    }

    private record Valid(Attempt attempt, Span span) {}

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        for (List<Attempt> attempts : history.attempts().values()) {
            if (!attempts.isEmpty() && attempts.get(0).resource().permits() > 0) {
                judge(attempts, found);
            }
        }
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    private void judge(List<Attempt> attempts, List<Violation> found) {
        List<Valid> windows = new ArrayList<>();
        for (Attempt attempt : attempts) {
            attempt.window().ifPresent(span -> windows.add(new Valid(attempt, span)));
        }
        windows.sort(Comparator.comparingLong(window -> window.span().from()));
        PriorityQueue<Valid> open = new PriorityQueue<>(
                Comparator.comparingLong(window -> window.span().until()));
        int used = 0;
        for (Valid next : windows) {
            for (Valid first = open.peek();
                    first != null && first.span().until() <= next.span().from();
                    first = open.peek()) {
                open.poll();
                used -= first.attempt().weight();
            }
            open.add(next);
            used += next.attempt().weight();
            int permits = next.attempt().resource().permits();
            if (used > permits) {
                found.add(Violation.of(
                        this,
                        next.attempt().resource() + ": " + used + " permits of " + permits + " were in use",
                        next.span().from(),
                        open.stream().map(Valid::attempt).toArray(Attempt[]::new)));
            }
        }
    }
}
