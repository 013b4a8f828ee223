package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A lease with an end of its own. */
final class HeldTimedLease extends AbstractLease implements TimedLease {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** One extension at a time, so that what was asked for last is what counts, here and in the database. */
    private final ReentrantLock extending = new ReentrantLock();

    private LeaseTime time;
    private long timeSince = System.nanoTime();

    /** Guards the timers. Nobody who has it waits for anything. */
    private final ReentrantLock timers = new ReentrantLock();

    private @Nullable Future<?> end;
    private @Nullable Future<?> nextExtension;
    private volatile boolean keptAlive;

    HeldTimedLease(Client client, String lock, long token, long request, long until, LeaseTime time) {
        super(client, lock, token, request, new Deadline(until));
        this.time = time;
        awaitEnd();
    }

    @Override
    public boolean extend(LeaseTime newTime) {
        extending.lock();
        try {
            return extendNow(newTime);
        } finally {
            extending.unlock();
        }
    }

    private boolean extendNow(LeaseTime newTime) {
        if (!isValid()) {
            return false;
        }
        try {
            if (!client.extend(this, newTime)) {
                return false;
            }
            time = newTime;
            timeSince = System.nanoTime();
            if (keptAlive) {
                extendAfter(time.atMost().toNanos() / 3);
            }
            return true;
        } finally {
            awaitEnd(); // an earlier one, perhaps
        }
    }

    @Override
    public void keepAlive() {
        extending.lock();
        try {
            if (!keptAlive) {
                keptAlive = true;
                extendAfter(time.atMost().toNanos() / 3 - (System.nanoTime() - timeSince));
            }
        } finally {
            extending.unlock();
        }
    }

    private void extendAgain() {
        extending.lock();
        try {
            // Counted from after the answer, so never shorter than what is left.
            Duration least = time.atLeast().minusNanos(System.nanoTime() - timeSince);
            extendNow(new LeaseTime(time.atMost(), least.isNegative() ? Duration.ZERO : least));
        } catch (CoordinationException e) {
            LOG.log(Level.DEBUG, "a lease was not extended; the next try follows", e);
            extendAfter(Math.min(RETRY_NANOS, time.atMost().toNanos() / 10));
        } finally {
            extending.unlock();
        }
    }

    private void extendAfter(long delayNanos) {
        timers.lock();
        try {
            cancel(nextExtension);
            if (isValid()) {
                nextExtension = client.background()
                        .after(delayNanos, () -> client.background().call(this::extendAgain));
            }
        } finally {
            timers.unlock();
        }
    }

    /** Tells the user when the time is up, unless it was extended meanwhile. */
    private void awaitEnd() {
        timers.lock();
        try {
            cancel(end);
            if (isHeld()) {
                end = client.background().after(deadline.remainingNanos(), () -> {
                    if (deadline.isLive()) {
                        awaitEnd();
                    } else {
                        lose();
                    }
                });
            }
        } finally {
            timers.unlock();
        }
    }

    private void stopTimers() {
        timers.lock();
        try {
            cancel(end);
            cancel(nextExtension);
        } finally {
            timers.unlock();
        }
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }

    @Override
    public boolean withdraw() {
        boolean valid = isValid();
        if (!end()) {
            return false;
        }
        stopTimers();
        client.withdraw(this);
        return valid;
    }

    @Override
    boolean giveBack() {
        stopTimers();
        return client.giveBack(this);
    }
}
