package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Resource;
import io.latchkey.chaos.history.Row;
import io.latchkey.chaos.history.Write;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a fence lets through comes in the order of the tokens, and nobody writes whose lock another was granted before the commit: from
 * the fence to the end of its transaction nobody else can be.
 */
public final class FencedWrites implements Property {
    @Override
    public String name() {
        return "fenced writes";
    }

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        inOrder(history, found);
        noneIsStale(history, found);
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    private void inOrder(History history, List<Violation> found) {
        Map<Long, Write> writes = new HashMap<>();
        history.writes().forEach(write -> writes.put(write.id(), write));
        Map<Integer, Row> last = new HashMap<>();
        history.rows().stream().sorted(Comparator.comparingLong(Row::place)).forEach(row -> {
            Row before = last.put(row.resource(), row);
            if (before != null && before.token() > row.token()) {
                Write first = writes.get(before.id());
                Write second = writes.get(row.id());
                List<Write> both = new ArrayList<>();
                if (first != null) {
                    both.add(first);
                }
                if (second != null) {
                    both.add(second);
                }
                found.add(new Violation(
                        name(),
                        Resource.of(row.resource()) + ": a write with token " + row.token() + " (place " + row.place()
                                + ") follows one with token " + before.token(),
                        second == null ? history.until() : second.committingAt(),
                        both.stream().map(Write::attempt).toList(),
                        both));
            }
        });
    }

    private void noneIsStale(History history, List<Violation> found) {
        Map<Integer, Highest> highest = new HashMap<>();
        for (Write write : history.writes()) {
            Attempt own = write.attempt();
            if (write.outcome() != Write.Outcome.COMMITTED || own.mode().isShared()) {
                continue;
            }
            Attempt other = highest.computeIfAbsent(
                            own.resource().id(),
                            id -> new Highest(history.attempts().getOrDefault(id, List.of())))
                    .seenBefore(write.committingAt());
            if (other != null && other.token() > own.token()) {
                found.add(new Violation(
                        name(),
                        own.resource() + ": " + own.worker() + " committed a write with token " + own.token()
                                + " after token " + other.token() + " was granted to " + other.worker(),
                        write.committingAt(),
                        List.of(own, other),
                        List.of(write)));
            }
        }
    }

    /** The highest token that had been seen by a moment. */
    private static final class Highest {
        private final List<Attempt> steps = new ArrayList<>();

        private Highest(List<Attempt> attempts) {
            attempts.stream()
                    .filter(attempt -> attempt.tokenSeenAt() != Attempt.NEVER)
                    .sorted(Comparator.comparingLong(Attempt::tokenSeenAt))
                    .forEach(attempt -> {
                        if (steps.isEmpty()
                                || attempt.token() > steps.get(steps.size() - 1).token()) {
                            steps.add(attempt);
                        }
                    });
        }

        private @org.jspecify.annotations.Nullable Attempt seenBefore(long moment) {
            int low = 0;
            int high = steps.size();
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (steps.get(middle).tokenSeenAt() < moment) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low == 0 ? null : steps.get(low - 1);
        }
    }
}
