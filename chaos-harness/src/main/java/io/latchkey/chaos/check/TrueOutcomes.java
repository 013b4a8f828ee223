package io.latchkey.chaos.check;

import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Outage;
import io.latchkey.chaos.history.Row;
import io.latchkey.chaos.history.Write;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What was said to have happened did happen, and what was said not to did not. An unknown outcome may be either; that is why it must
 * be said. Commits that were confirmed before a fault that may lose them are not judged.
 */
public final class TrueOutcomes implements Property {
    @Override
    public String name() {
        return "outcomes";
    }

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        if (!history.rowsKnown()) {
            return found;
        }
        Set<Long> there = new HashSet<>();
        for (Row row : history.rows()) {
            there.add(row.id());
        }
        List<Outage> losses =
                history.outages().stream().filter(Outage::losesCommits).toList();
        for (Write write : history.writes()) {
            boolean isThere = there.contains(write.id());
            if (write.outcome() == Write.Outcome.COMMITTED && !isThere && !mayBeLost(write, losses)) {
                found.add(violation(write, "a confirmed write is not there"));
            } else if (write.outcome() == Write.Outcome.ROLLED_BACK && isThere) {
                found.add(violation(write, "a write that was rolled back is there"));
            }
        }
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    /** What was confirmed before such a fault began is in the copy from which the standby was made. */
    private static boolean mayBeLost(Write write, List<Outage> losses) {
        return losses.stream().anyMatch(loss -> loss.from() <= write.endedAt() && write.endedAt() <= loss.healedAt());
    }

    private Violation violation(Write write, String what) {
        return new Violation(
                name(),
                write.attempt().resource() + ": " + what + ", of "
                        + write.attempt().worker() + " with token "
                        + write.attempt().token(),
                write.endedAt(),
                List.of(write.attempt()),
                List.of(write));
    }
}
