package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Outage;
import io.latchkey.chaos.history.Span;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Nothing that is free, while somebody alive waits for it, stays so for longer than the backstop takes. Time in which a fault is at
 * work, or its effects may last, does not count; nor do two short times with one in between add up.
 */
public final class PromptGrants implements Property {
    private final long limitNanos;

    /** @param limit how long is too long: a third of the session timeout, and what a busy machine may take */
    public PromptGrants(Duration limit) {
        this.limitNanos = limit.toNanos();
    }

    @Override
    public String name() {
        return "no lost wake-up";
    }

    @Override
    public List<Violation> violations(History history) {
        List<Violation> found = new ArrayList<>();
        List<Span> calm = calm(history);
        for (List<Attempt> attempts : history.attempts().values()) {
            judge(attempts, calm, history.until(), found);
        }
        found.sort(Comparator.comparingLong(Violation::at));
        return found;
    }

    /** Times without a fault that are long enough to matter. */
    private List<Span> calm(History history) {
        List<Span> calm = new ArrayList<>();
        long from = Long.MIN_VALUE / 2;
        List<Outage> outages = history.outages().stream()
                .sorted(Comparator.comparingLong(Outage::from))
                .toList();
        for (Outage outage : outages) {
            addIfLong(calm, from, outage.from());
            from = Math.max(from, outage.settledAt());
        }
        addIfLong(calm, from, history.until());
        return calm;
    }

    private void addIfLong(List<Span> spans, long from, long until) {
        if (until > from && until - from > limitNanos) {
            spans.add(new Span(from, until));
        }
    }

    private void judge(List<Attempt> attempts, List<Span> calm, long until, List<Violation> found) {
        List<Attempt> byGrant = attempts.stream()
                .filter(attempt -> attempt.tokenSeenAt() != Attempt.NEVER)
                .sorted(Comparator.comparingLong(Attempt::tokenSeenAt))
                .toList();
        List<Span> free = new ArrayList<>();
        long takenUntil = Long.MIN_VALUE / 2;
        for (Attempt attempt : byGrant) {
            addIfLong(free, takenUntil, attempt.tokenSeenAt());
            takenUntil = Math.max(takenUntil, attempt.takenUntil());
        }
        addIfLong(free, takenUntil, until);
        for (Attempt waiter : attempts) {
            waiter.waiting(until)
                    .filter(waiting -> waiting.nanos() > limitNanos)
                    .ifPresent(waiting -> judge(waiter, waiting, free, calm, found));
        }
    }

    private void judge(Attempt waiter, Span waiting, List<Span> free, List<Span> calm, List<Violation> found) {
        for (Span gap : free) {
            for (Span quiet : calm) {
                long from = Math.max(Math.max(gap.from(), quiet.from()), waiting.from());
                long until = Math.min(Math.min(gap.until(), quiet.until()), waiting.until());
                if (until - from > limitNanos && until > from) {
                    found.add(Violation.of(
                            this,
                            waiter.resource() + " was free for " + (until - from) / 1_000_000 + " ms, and "
                                    + waiter.worker() + " waited for it all the time",
                            from + limitNanos,
                            waiter));
                }
            }
        }
    }
}
