package io.latchkey.internal;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Until when something may be believed, on this process's monotonic clock. It can be moved as long as it has not passed; once it
 * has passed, or was ended, it stays so: nobody sees it come back to life.
 */
final class Deadline {
    private static final long ENDED = Long.MIN_VALUE;
    private static final long MAX_MARGIN_NANOS = 500_000_000L;

    private final AtomicLong until;

    Deadline(long until) {
        this.until = new AtomicLong(notEnded(until));
    }

    /**
     * When to stop believing in a lease of this length that the database granted some time after {@code sentAt}: a margin
     * earlier than the database may give it to others, for timers that are late and clocks that differ.
     */
    static long of(long sentAt, long leaseNanos) {
        return sentAt + leaseNanos - Math.min(leaseNanos / 10, MAX_MARGIN_NANOS);
    }

    boolean isLive() {
        while (true) {
            long seen = until.get();
            if (seen == ENDED) {
                return false;
            }
            if (System.nanoTime() - seen < 0) {
                return true;
            }
            // Written down, so that an answer that is late does not revive what somebody has seen dead.
            if (until.compareAndSet(seen, ENDED)) {
                return false;
            }
        }
    }

    /** Moves the deadline; false if it had passed. */
    boolean extend(long newUntil) {
        long seen = until.get();
        return isLive() && seen != ENDED && until.compareAndSet(seen, notEnded(newUntil));
    }

    /** Moves the deadline if this one is earlier. */
    void shorten(long newUntil) {
        until.updateAndGet(seen -> seen == ENDED || newUntil - seen >= 0 ? seen : notEnded(newUntil));
    }

    /** Ends it now. */
    void end() {
        until.set(ENDED);
    }

    /** What is left, 0 if it has passed. */
    long remainingNanos() {
        long seen = until.get();
        return seen == ENDED ? 0 : Math.max(0, seen - System.nanoTime());
    }

    private static long notEnded(long nanos) {
        return nanos == ENDED ? ENDED + 1 : nanos;
    }
}
