package io.latchkey.shedlock;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The locks that each thread has taken, the newest first. A lock that another thread unlocked stays in the list of the one that
 * took it until that one looks again; nobody sees it there.
 */
final class LocksOfThread {
    private static final ThreadLocal<@Nullable Deque<HeldLock>> LOCKS = new ThreadLocal<>();

    private LocksOfThread() {}

    static void add(HeldLock lock) {
        Deque<HeldLock> locks = LOCKS.get();
        if (locks == null) {
            locks = new ArrayDeque<>(2);
            LOCKS.set(locks);
        }
        locks.removeIf(HeldLock::isUnlocked);
        locks.push(lock);
    }

    /** Drops all, also those that nobody will unlock. For tests: they share a thread. */
    static void forget() {
        LOCKS.remove();
    }

    /** Drops those that are unlocked. */
    static void tidy() {
        Deque<HeldLock> locks = LOCKS.get();
        if (locks != null) {
            locks.removeIf(HeldLock::isUnlocked);
            if (locks.isEmpty()) {
                LOCKS.remove();
            }
        }
    }

    static Optional<LatchkeyLock> newest(Predicate<LatchkeyLock> wanted) {
        tidy();
        Deque<HeldLock> locks = LOCKS.get();
        return locks == null
                ? Optional.empty()
                : locks.stream().map(LatchkeyLock.class::cast).filter(wanted).findFirst();
    }
}
