package io.latchkey.curator.retry;

/** Tries again once. */
public class RetryOneTime extends RetryNTimes {
    /**
     * Creates one.
     *
     * @param sleepMsBetweenRetry the pause, in milliseconds
     */
    public RetryOneTime(int sleepMsBetweenRetry) {
        super(1, sleepMsBetweenRetry);
    }
}
