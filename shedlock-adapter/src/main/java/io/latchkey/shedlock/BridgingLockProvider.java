package io.latchkey.shedlock;

import java.util.Objects;
import java.util.Optional;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;

/**
 * For a rolling deployment from another lock provider to Latchkey: takes the lock of both, so that it excludes instances that use
 * either alone. Thread-safe.
 *
 * <p>Latchkey's first, everywhere, then the other one's. If that is refused, Latchkey's is given back as though it had never been
 * taken, without its {@code lockAtLeastFor}: an attempt that fails keeps nobody from the lock. Both have the same times; unlocking
 * and extending concern both.
 */
public final class BridgingLockProvider implements ExtensibleLockProvider {
    private final LatchkeyLockProvider latchkey;
    private final LockProvider other;

    /**
     * Creates one.
     *
     * @param latchkey the provider to go to
     * @param other the provider to come from, such as {@code JdbcTemplateLockProvider}
     * @throws IllegalArgumentException if Latchkey's keeps locks alive and the other one does not: that one's would end under the
     *     task. Wrap it in {@link KeepAliveLockProvider}
     */
    public BridgingLockProvider(LatchkeyLockProvider latchkey, LockProvider other) {
        if (latchkey.keepsAlive() && !(other instanceof KeepAliveLockProvider)) {
            throw new IllegalArgumentException(
                    "Latchkey keeps locks alive here, so the other provider has to as well: wrap it in a KeepAliveLockProvider");
        }
        this.latchkey = latchkey;
        this.other = Objects.requireNonNull(other, "other");
    }

    /**
     * Takes the lock of both.
     *
     * @return empty if either is held
     * @throws RuntimeException as the other provider throws it; then nothing is locked
     */
    @Override
    public Optional<SimpleLock> lock(LockConfiguration configuration) {
        Optional<LeasedLock> ours = latchkey.take(configuration);
        if (ours.isEmpty()) {
            return Optional.empty();
        }
        Optional<SimpleLock> theirs = Optional.empty();
        try {
            theirs = other.lock(configuration);
        } finally {
            if (theirs.isEmpty()) {
                ours.get().withdraw();
            }
        }
        return theirs.map(lock -> new BridgedLock(ours.get(), lock));
    }

    @Override
    public String toString() {
        return "BridgingLockProvider[" + latchkey + " and " + other + "]";
    }
}
