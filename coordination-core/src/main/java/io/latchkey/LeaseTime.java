package io.latchkey;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/**
 * How long a timed lease lasts, in whole milliseconds: fractions are cut off.
 *
 * @param atMost when it ends by itself: 1 ms to 365 days
 * @param atLeast how long the lock stays taken even if it is released earlier: zero to {@code atMost}
 */
public record LeaseTime(Duration atMost, Duration atLeast) {
    private static final Duration MAX = Duration.ofDays(365);

    /** Checks the bounds. */
    public LeaseTime {
        // As the database counts, or a client would believe in a lease for a fraction longer than there is one.
        atMost = Objects.requireNonNull(atMost, "atMost").truncatedTo(ChronoUnit.MILLIS);
        atLeast = Objects.requireNonNull(atLeast, "atLeast").truncatedTo(ChronoUnit.MILLIS);
        if (atMost.compareTo(Duration.ofMillis(1)) < 0 || atMost.compareTo(MAX) > 0) {
            throw new IllegalArgumentException("a lease lasts 1 ms to 365 days, not " + atMost);
        }
        if (atLeast.isNegative() || atLeast.compareTo(atMost) > 0) {
            throw new IllegalArgumentException("atLeast is zero to atMost (" + atMost + "), not " + atLeast);
        }
    }

    /**
     * A lease that ends by itself after this time and can be released any time before.
     *
     * @param atMost 1 ms to 365 days
     */
    public static LeaseTime atMost(Duration atMost) {
        return new LeaseTime(atMost, Duration.ZERO);
    }

    /**
     * The same with a least time.
     *
     * @param atLeast zero to {@code atMost}
     */
    public LeaseTime atLeast(Duration atLeast) {
        return new LeaseTime(atMost, atLeast);
    }
}
