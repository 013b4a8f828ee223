package io.latchkey.shedlock;

import io.latchkey.CoordinationException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.LockException;

/**
 * What ShedLock is given for an acquisition: good for one unlock or one successful extension, which gives the next one. After an
 * extension that came too late it can still be unlocked, as ShedLock's executor does at the end of each task.
 */
final class LeasedLock implements SimpleLock {
    private enum State {
        ACTIVE,
        UNLOCKED,
        EXTENDED
    }

    private final HeldLock held;
    private final AtomicReference<State> state = new AtomicReference<>(State.ACTIVE);

    LeasedLock(HeldLock held) {
        this.held = held;
    }

    @Override
    public void unlock() {
        become(State.UNLOCKED);
        held.unlock();
    }

    @Override
    public Optional<SimpleLock> extend(Duration lockAtMostFor, Duration lockAtLeastFor) {
        requireActive();
        boolean extended;
        try {
            extended = held.extend(Options.leaseTime(held.name(), lockAtMostFor, lockAtLeastFor));
        } catch (CoordinationException e) {
            throw new LockException("The lock '" + held.name() + "' was not extended: " + e.getMessage(), e);
        }
        if (!extended) {
            return Optional.empty();
        }
        become(State.EXTENDED);
        return Optional.of(new LeasedLock(held));
    }

    /** Gives it back as though it had never been taken. */
    void withdraw() {
        become(State.UNLOCKED);
        held.withdraw();
    }

    private void requireActive() {
        State now = state.get();
        if (now != State.ACTIVE) {
            throw new IllegalStateException("The lock '" + held.name() + "' has already been "
                    + (now == State.UNLOCKED ? "unlocked" : "extended; use what extend returned"));
        }
    }

    private void become(State next) {
        if (!state.compareAndSet(State.ACTIVE, next)) {
            requireActive();
        }
    }

    @Override
    public String toString() {
        return held.toString();
    }
}
