package io.latchkey.shedlock;

import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Optional;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.jspecify.annotations.Nullable;

/** Latchkey's lock and another provider's, as one. */
final class BridgedLock implements SimpleLock {
    private static final System.Logger LOG = System.getLogger("io.latchkey.shedlock");

    private final SimpleLock ours;
    /** As it was last extended; null once that is the next one's, or was refused: then many providers take no unlock either. */
    private volatile @Nullable SimpleLock theirs;

    BridgedLock(SimpleLock ours, SimpleLock theirs) {
        this.ours = ours;
        this.theirs = theirs;
    }

    /** In the opposite order: who has ours finds theirs free. */
    @Override
    public void unlock() {
        SimpleLock other = theirs;
        try {
            if (other != null) {
                other.unlock();
            }
        } catch (RuntimeException e) {
            // Thrown, it would hide what the task has thrown.
            LOG.log(Level.WARNING, "the other provider did not unlock; its lock ends by itself", e);
        } finally {
            ours.unlock();
        }
    }

    /** Theirs first: a provider that cannot extend says so before anything has changed. */
    @Override
    public Optional<SimpleLock> extend(Duration lockAtMostFor, Duration lockAtLeastFor) {
        SimpleLock other = theirs;
        if (other == null) {
            return Optional.empty();
        }
        SimpleLock longer = other.extend(lockAtMostFor, lockAtLeastFor).orElse(null);
        theirs = longer;
        if (longer == null) {
            return Optional.empty();
        }
        Optional<SimpleLock> both =
                ours.extend(lockAtMostFor, lockAtLeastFor).map(lock -> new BridgedLock(lock, longer));
        if (both.isPresent()) {
            theirs = null; // not to be unlocked by who has not noticed
        }
        return both;
    }

    @Override
    public String toString() {
        return "BridgedLock[" + ours + " and " + theirs + "]";
    }
}
