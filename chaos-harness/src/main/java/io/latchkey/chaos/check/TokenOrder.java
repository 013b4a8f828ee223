package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Fencing tokens are unique, and rise in real time: who asks after another was granted gets a higher one, and so does who is seen to
 * hold a lock alone after another was seen to hold it alone.
 */
public final class TokenOrder implements Property {
    @Override
    public String name() {
        return "tokens";
    }

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        for (List<Attempt> attempts : history.attempts().values()) {
            List<Attempt> granted = attempts.stream()
                    .filter(attempt -> attempt.tokenSeenAt() != Attempt.NEVER)
                    .sorted(Comparator.comparingLong(Attempt::tokenSeenAt))
                    .toList();
            unique(granted, found);
            realTime(granted, found);
            holders(granted, found);
        }
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    private void unique(List<Attempt> granted, List<Violation> found) {
        Map<Long, Attempt> byToken = new HashMap<>();
        for (Attempt next : granted) {
            Attempt first = byToken.putIfAbsent(next.token(), next);
            if (first != null) {
                found.add(Violation.of(
                        this,
                        next.resource() + ": token " + next.token() + " was given out twice, to " + first.worker()
                                + " and to " + next.worker(),
                        next.tokenSeenAt(),
                        first,
                        next));
            }
        }
    }

    /** Whoever calls after a grant was seen is granted later. */
    private void realTime(List<Attempt> granted, List<Violation> found) {
        List<Attempt> byCall = granted.stream()
                .sorted(Comparator.comparingLong(Attempt::calledAt))
                .toList();
        int seen = 0;
        Attempt highest = null;
        for (Attempt next : byCall) {
            while (seen < granted.size() && granted.get(seen).tokenSeenAt() < next.calledAt()) {
                Attempt earlier = granted.get(seen++);
                highest = highest == null || earlier.token() > highest.token() ? earlier : highest;
            }
            if (highest != null && highest.token() > next.token()) {
                add(highest, next, "although it was asked for later", found);
            }
        }
    }

    /** Both were valid when they were seen, so the one seen first was granted first. */
    private void holders(List<Attempt> granted, List<Violation> found) {
        Attempt before = null;
        for (Attempt next : granted) {
            if (!next.mode().isShared() && next.window().isPresent()) {
                if (before != null && before.token() > next.token()) {
                    add(before, next, "although it was held later", found);
                }
                before = next;
            }
        }
    }

    private void add(Attempt before, Attempt next, String why, List<Violation> found) {
        found.add(Violation.of(
                this,
                next.resource() + ": token " + next.token() + " (" + next.worker() + ") is lower than " + before.token()
                        + " (" + before.worker() + "), " + why,
                next.tokenSeenAt(),
                before,
                next));
    }
}
