package io.latchkey.curator.retry;

import io.latchkey.curator.RetryPolicy;
import io.latchkey.curator.RetrySleeper;
import java.util.concurrent.TimeUnit;

/** Tries again a number of times, with a pause before each. */
abstract class SleepingRetry implements RetryPolicy {
    private final int n;

    SleepingRetry(int n) {
        this.n = n;
    }

    /** How often at most. */
    public int getN() {
        return n;
    }

    @Override
    public boolean allowRetry(int retryCount, long elapsedTimeMs, RetrySleeper sleeper) {
        return retryCount < n && slept(getSleepTimeMs(retryCount, elapsedTimeMs), sleeper);
    }

    static boolean slept(long millis, RetrySleeper sleeper) {
        try {
            sleeper.sleepFor(millis, TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** How long to wait before this retry. */
    protected abstract long getSleepTimeMs(int retryCount, long elapsedTimeMs);
}
