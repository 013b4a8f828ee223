package io.latchkey.chaos;

import io.latchkey.chaos.check.Violation;
import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Outage;
import io.latchkey.chaos.history.Write;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Tells a violation as a story: what those involved did, and what the nemesis did meanwhile, in the order of time. */
final class StoryTeller {
    private final History history;
    private final long startedAt;

    StoryTeller(History history, long startedAt) {
        this.history = history;
        this.startedAt = startedAt;
    }

    private record Line(long at, String text) {}

    /** The story with the fewest words among those that are found. */
    static Violation shortest(List<Violation> violations) {
        return violations.stream()
                .min(Comparator.comparingInt((Violation one) ->
                                one.attempts().size() + one.writes().size())
                        .thenComparingLong(Violation::at))
                .orElseThrow();
    }

    List<String> tell(Violation violation) {
        List<Line> lines = new ArrayList<>();
        violation.attempts().stream().distinct().forEach(attempt -> tell(attempt, lines));
        violation.writes().forEach(write -> tell(write, lines));
        long from = lines.stream().mapToLong(Line::at).min().orElse(violation.at());
        long until = Math.max(lines.stream().mapToLong(Line::at).max().orElse(violation.at()), violation.at());
        history.outages().stream()
                .filter(outage -> outage.from() < until
                        && Math.min(outage.healedAt(), outage.settledAt()) > from - 2_000_000_000L)
                .forEach(outage -> tell(outage, lines));
        lines.add(new Line(violation.at(), "*** " + violation.property() + " is violated"));
        lines.sort(Comparator.comparingLong(Line::at));
        return lines.stream()
                .map(line -> String.format(Locale.ROOT, "%10.4f s  %s", (line.at - startedAt) / 1e9, line.text))
                .toList();
    }

    private static void tell(Attempt attempt, List<Line> lines) {
        String who = attempt.worker();
        String what = attempt.resource() + " (" + attempt.mode().name().toLowerCase(Locale.ROOT)
                + (attempt.resource().permits() > 0 ? " " + attempt.weight() : "") + ")";
        lines.add(new Line(attempt.calledAt(), who + " asks for " + what));
        if (attempt.grantedAt() != Attempt.NEVER) {
            lines.add(new Line(
                    attempt.grantedAt(), who + " has " + attempt.resource() + " with token " + attempt.token()));
            if (attempt.window().isEmpty() || attempt.window().get().until() != attempt.givingBackAt()) {
                lines.add(
                        new Line(attempt.deadline(), who + " may believe in token " + attempt.token() + " until here"));
            }
        } else if (attempt.tokenSeenAt() != Attempt.NEVER) {
            lines.add(new Line(
                    attempt.tokenSeenAt(), who + " was granted token " + attempt.token() + ", and it is over"));
        }
        add(lines, attempt.invalidAt(), who + " finds token " + attempt.token() + " invalid");
        add(lines, attempt.givingBackAt(), who + " begins to release token " + attempt.token());
        add(lines, attempt.givenBackAt(), who + " has released token " + attempt.token());
    }

    private static void tell(Write write, List<Line> lines) {
        String who = write.attempt().worker();
        String token = "token " + write.attempt().token();
        add(lines, write.fencedAt(), who + " passed the fence with " + token);
        add(lines, write.committingAt(), who + " commits its write with " + token);
        add(
                lines,
                write.endedAt(),
                who + ": the write with " + token + " is "
                        + write.outcome().name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }

    private static void tell(Outage outage, List<Line> lines) {
        lines.add(new Line(outage.from(), "  nemesis: " + outage.what()));
        if (outage.healedAt() != Long.MAX_VALUE) {
            lines.add(new Line(outage.healedAt(), "  nemesis: " + outage.fault() + " is healed"));
        }
    }

    private static void add(List<Line> lines, long at, String text) {
        if (at != Attempt.NEVER) {
            lines.add(new Line(at, text));
        }
    }
}
