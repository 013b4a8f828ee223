package io.latchkey.examples.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All turns by fencing token, which is the order in which the database granted them. For one thread. */
final class History {
    private final TreeMap<Long, Turn> turns = new TreeMap<>();

    void add(Report report) {
        if (report.kind() == Report.Kind.HELD || report.kind() == Report.Kind.HOLDING) {
            turns.put(report.token(), new Turn(report.worker(), report.token(), report.nanos(), Turn.End.NOT_YET, 0));
        } else if (report.kind() == Report.Kind.RELEASED) {
            end(report.token(), Turn.End.RELEASED, report.nanos());
        }
    }

    void end(long token, Turn.End how, long when) {
        turns.computeIfPresent(token, (key, turn) -> turn.ended(how, when));
    }

    @Nullable
    Turn turn(long token) {
        return turns.get(token);
    }

    @Nullable
    Turn before(Turn turn) {
        return valueOf(turns.lowerEntry(turn.token()));
    }

    @Nullable
    Turn after(long token) {
        return valueOf(turns.higherEntry(token));
    }

    @Nullable
    Turn last() {
        return valueOf(turns.lastEntry());
    }

    /** From the call that gave the lock back to the return of the next holder's call, sorted. */
    List<Duration> handOvers(long afterToken) {
        List<Duration> times = new ArrayList<>();
        for (Turn turn : turns.tailMap(afterToken, false).values()) {
            Turn before = before(turn);
            if (before != null && before.end() == Turn.End.RELEASED) {
                times.add(Duration.ofNanos(turn.heldAt() - before.endedAt()));
            }
        }
        times.sort(null);
        return times;
    }

    long written() {
        return turns.values().stream()
                .filter(turn -> turn.end() == Turn.End.RELEASED)
                .count();
    }

    boolean hasTurn(long afterToken, String worker) {
        return turns.tailMap(afterToken, false).values().stream()
                .anyMatch(turn -> turn.worker().equals(worker));
    }

    /** How many turns began before the one before had ended. */
    long overlaps() {
        return turns.values().stream()
                .filter(turn -> {
                    Turn before = before(turn);
                    return before != null && (before.end() == Turn.End.NOT_YET || turn.heldAt() < before.endedAt());
                })
                .count();
    }

    /** Keeps the newest. */
    void forgetAllBut(int count) {
        while (turns.size() > count) {
            turns.pollFirstEntry();
        }
    }

    static Duration percentile(List<Duration> sorted, int percent) {
        return sorted.isEmpty() ? Duration.ZERO : sorted.get((sorted.size() - 1) * percent / 100);
    }

    private static @Nullable Turn valueOf(Map.@Nullable Entry<Long, Turn> entry) {
        return entry == null ? null : entry.getValue();
    }
}
