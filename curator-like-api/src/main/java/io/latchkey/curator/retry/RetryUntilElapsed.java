package io.latchkey.curator.retry;

import io.latchkey.curator.RetrySleeper;

/** Tries again for a time. */
public class RetryUntilElapsed extends SleepingRetry {
    private final int maxElapsedTimeMs;
    private final int sleepMsBetweenRetries;

    /**
     * Creates one.
     *
     * @param maxElapsedTimeMs for how long, in milliseconds
     * @param sleepMsBetweenRetries the pause before each, in milliseconds
     */
    public RetryUntilElapsed(int maxElapsedTimeMs, int sleepMsBetweenRetries) {
        super(Integer.MAX_VALUE);
        this.maxElapsedTimeMs = maxElapsedTimeMs;
        this.sleepMsBetweenRetries = sleepMsBetweenRetries;
    }

    @Override
    public boolean allowRetry(int retryCount, long elapsedTimeMs, RetrySleeper sleeper) {
        // Looks before it sleeps: Curator sleeps once more when the time is already up.
        return elapsedTimeMs < maxElapsedTimeMs && super.allowRetry(retryCount, elapsedTimeMs, sleeper);
    }

    @Override
    protected long getSleepTimeMs(int retryCount, long elapsedTimeMs) {
        return sleepMsBetweenRetries;
    }
}
