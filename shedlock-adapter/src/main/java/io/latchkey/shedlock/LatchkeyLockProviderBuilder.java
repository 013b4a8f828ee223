package io.latchkey.shedlock;

import io.latchkey.Latchkey;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Function;
import net.javacrumbs.shedlock.core.LockConfiguration;
import org.jspecify.annotations.Nullable;

/** Builds a lock provider. Not thread-safe. */
public final class LatchkeyLockProviderBuilder {
    private final Latchkey latchkey;
    private boolean keepAlive;
    private LostLockAction whenLost = LostLockAction.NOTHING;
    private Function<LockConfiguration, Duration> waitAtMostFor = lock -> Duration.ZERO;
    private @Nullable Duration closePatience;

    LatchkeyLockProviderBuilder(Latchkey latchkey) {
        this.latchkey = Objects.requireNonNull(latchkey, "latchkey");
    }

    /**
     * Extends locks while their tasks run, every third of {@code lockAtMostFor}, which then no longer limits how long a task may
     * take, but only for how long its lock outlives the JVM. Where a task extends its lock itself, it goes on with the times given
     * there. Default: false.
     */
    public LatchkeyLockProviderBuilder keepAlive(boolean keepAlive) {
        this.keepAlive = keepAlive;
        return this;
    }

    /** What to do when a lock ends under its task. Default: {@link LostLockAction#NOTHING}, which logs a warning, as all do. */
    public LatchkeyLockProviderBuilder whenLost(LostLockAction action) {
        this.whenLost = action;
        return this;
    }

    /**
     * Waits for a lock that is held instead of skipping the task: in line, and woken when it is released. The task then runs after
     * the other one. Default: zero, do not wait.
     */
    public LatchkeyLockProviderBuilder waitAtMostFor(Duration wait) {
        Objects.requireNonNull(wait, "wait");
        return waitAtMostFor(lock -> wait);
    }

    /** The same, lock by lock. */
    public LatchkeyLockProviderBuilder waitAtMostFor(Function<LockConfiguration, Duration> wait) {
        this.waitAtMostFor = wait;
        return this;
    }

    /**
     * Releases the locks of running tasks when the provider is closed, so that others need not wait for {@code lockAtMostFor}.
     * First the tasks are told ({@link #whenLost}), then they have so much time to end and unlock. What is still locked after
     * that is released, at the earliest after {@code lockAtLeastFor}, although its task may still run. Default: closing leaves
     * locks alone, and running tasks unlock them.
     *
     * @param patience how long to wait for the tasks; zero: do not
     */
    public LatchkeyLockProviderBuilder releaseOnClose(Duration patience) {
        this.closePatience = Objects.requireNonNull(patience, "patience");
        return this;
    }

    /** Builds it. */
    public LatchkeyLockProvider build() {
        return new LatchkeyLockProvider(latchkey, options());
    }

    Options options() {
        return new Options(keepAlive, whenLost, waitAtMostFor, closePatience);
    }
}
