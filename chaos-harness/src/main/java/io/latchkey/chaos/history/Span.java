package io.latchkey.chaos.history;

/**
 * A stretch of time in {@link System#nanoTime()}. Two that only touch do not overlap.
 *
 * @param from its first moment
 * @param until the moment after its last
 */
public record Span(long from, long until) {
    /** Whether they have more than a moment in common. */
    public boolean overlaps(Span other) {
        return from < other.until && other.from < until;
    }

    /** How long. */
    public long nanos() {
        return Math.max(0, until - from);
    }
}
