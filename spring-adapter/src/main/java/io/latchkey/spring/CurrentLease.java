package io.latchkey.spring;

import io.latchkey.Lease;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a {@link Locked} or {@link LeaderOnly} method asks: the lease that it runs under. By thread; never gives one to release. */
public final class CurrentLease {
    private static final ThreadLocal<Deque<Lease>> HELD = ThreadLocal.withInitial(ArrayDeque::new);

    private CurrentLease() {}

    /**
     * The lease of the innermost such method of this thread. It belongs to that method: ask it, fence with it, and do not release
     * it. That of a {@link LeaderOnly} method is the leadership, whose term is the fencing token.
     *
     * @throws IllegalStateException if there is none
     */
    public static Lease get() {
        return find().orElseThrow(
                        () -> new IllegalStateException("this thread is in no @Locked or @LeaderOnly method"));
    }

    /** The same, or empty if there is none. */
    public static Optional<Lease> find() {
        return Optional.ofNullable(HELD.get().peek());
    }

    static @Nullable Lease of(String lock) {
        return HELD.get().stream()
                .filter(lease -> lease.lock().equals(lock))
                .findFirst()
                .orElse(null);
    }

    static void enter(Lease lease) {
        HELD.get().push(lease);
    }

    static void leave(Lease lease) {
        Deque<Lease> held = HELD.get();
        held.removeFirstOccurrence(lease);
        if (held.isEmpty()) {
            HELD.remove();
        }
    }
}
