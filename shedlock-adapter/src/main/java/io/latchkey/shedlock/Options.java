package io.latchkey.shedlock;

import io.latchkey.LeaseTime;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import net.javacrumbs.shedlock.core.LockConfiguration;
import org.jspecify.annotations.Nullable;

/**
 * How a provider behaves.
 *
 * @param keepAlive whether locks are extended while their tasks run
 * @param whenLost what to do when one ends under its task
 * @param waitAtMostFor how long to wait for a lock that is held
 * @param closePatience how long closing waits for tasks before it releases their locks; null: it leaves them alone
 */
record Options(
        boolean keepAlive,
        LostLockAction whenLost,
        Function<LockConfiguration, Duration> waitAtMostFor,
        @Nullable Duration closePatience) {

    Options {
        Objects.requireNonNull(whenLost, "whenLost");
        Objects.requireNonNull(waitAtMostFor, "waitAtMostFor");
    }

    /** ShedLock's two times as those of a lease; a least time below zero is none, as with ShedLock's own providers. */
    static LeaseTime leaseTime(String lock, Duration lockAtMostFor, Duration lockAtLeastFor) {
        try {
            return new LeaseTime(lockAtMostFor, lockAtLeastFor.isNegative() ? Duration.ZERO : lockAtLeastFor);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "lockAtMostFor is 1 ms to 365 days and lockAtLeastFor at most as long, not " + lockAtMostFor
                            + " and " + lockAtLeastFor + " for lock '" + lock + "'",
                    e);
        }
    }
}
