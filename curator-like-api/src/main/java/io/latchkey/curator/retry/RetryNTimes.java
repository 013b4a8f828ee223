package io.latchkey.curator.retry;

/** Tries again a number of times, with the same pause before each. */
public class RetryNTimes extends SleepingRetry {
    private final int sleepMsBetweenRetries;

    /**
     * Creates one.
     *
     * @param n how often at most
     * @param sleepMsBetweenRetries the pause, in milliseconds
     */
    public RetryNTimes(int n, int sleepMsBetweenRetries) {
        super(n);
        this.sleepMsBetweenRetries = sleepMsBetweenRetries;
    }

    @Override
    protected long getSleepTimeMs(int retryCount, long elapsedTimeMs) {
        return sleepMsBetweenRetries;
    }
}
