package io.latchkey.spring.page;

import static java.util.stream.Collectors.toMap;

import io.latchkey.spring.observe.Overview;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what has changed between two looks, and remembers the last of it. What happened twice in between is seen once. Used by
 * one thread.
 */
final class Changes {
    private static final int REMEMBERED = 40;

    private final Deque<Change> last = new ArrayDeque<>();
    private @Nullable Overview before;
    private long number;

    /** The last changes up to this look, the newest first. */
    List<Change> upTo(Overview now) {
        Overview earlier = before;
        before = now;
        if (earlier != null) {
            between(earlier, now).forEach(this::remember);
        }
        return List.copyOf(last);
    }

    /** After a pause: what happened in it is not known. */
    void forget() {
        before = null;
        last.clear();
    }

    private void remember(Change change) {
        last.addFirst(change);
        if (last.size() > REMEMBERED) {
            last.removeLast();
        }
    }

    private List<Change> between(Overview earlier, Overview now) {
        Map<String, Overview.Lock> then = byHold(earlier);
        Map<String, Overview.Lock> today = byHold(now);
        // If not all were shown, one that is missing may be held all the same.
        boolean complete = earlier.totals().locks() == earlier.locks().size()
                && now.totals().locks() == now.locks().size();
        Set<String> holds = new HashSet<>(then.keySet());
        holds.addAll(today.keySet());
        List<Change> changes = new ArrayList<>();
        for (String hold : holds) {
            Overview.Lock had = then.get(hold);
            Overview.Lock has = today.get(hold);
            Overview.Lock known = has == null ? had : has;
            boolean changed = complete;
            if (had != null && has != null) {
                changed = had.fencingToken() != has.fencingToken();
            }
            if (changed && known != null) {
                changes.add(new Change(
                        0,
                        known.name(),
                        had == null ? null : had.holder(),
                        has == null ? null : has.holder(),
                        has == null ? now.at() : has.since()));
            }
        }
        changes.sort(Comparator.comparing(Change::at).thenComparing(Change::lock));
        return changes.stream()
                .map(change -> new Change(++number, change.lock(), change.from(), change.to(), change.at()))
                .toList();
    }

    /** What has one holder goes from one to the next. What is shared does not: each share comes and goes on its own. */
    private static Map<String, Overview.Lock> byHold(Overview overview) {
        return overview.locks().stream().collect(toMap(Changes::hold, lock -> lock, (one, other) -> one, HashMap::new));
    }

    private static String hold(Overview.Lock lock) {
        return lock.mode().equals("exclusive") ? lock.name() : lock.name() + ' ' + lock.fencingToken();
    }
}
