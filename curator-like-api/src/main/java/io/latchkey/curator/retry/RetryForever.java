package io.latchkey.curator.retry;

import io.latchkey.curator.RetryPolicy;
import io.latchkey.curator.RetrySleeper;

/** Always tries again. */
public class RetryForever implements RetryPolicy {
    private final int retryIntervalMs;

    /**
     * Creates one.
     *
     * @param retryIntervalMs the pause before each, in milliseconds, more than zero
     */
    public RetryForever(int retryIntervalMs) {
        if (retryIntervalMs <= 0) {
            throw new IllegalArgumentException("retryIntervalMs is more than zero, not " + retryIntervalMs);
        }
        this.retryIntervalMs = retryIntervalMs;
    }

    @Override
    public boolean allowRetry(int retryCount, long elapsedTimeMs, RetrySleeper sleeper) {
        return SleepingRetry.slept(retryIntervalMs, sleeper);
    }
}
