package io.latchkey.curator.retry;

/** {@link ExponentialBackoffRetry} with a longest pause. */
public class BoundedExponentialBackoffRetry extends ExponentialBackoffRetry {
    private final int maxSleepTimeMs;

    /**
     * Creates one.
     *
     * @param baseSleepTimeMs the first pause, in milliseconds
     * @param maxSleepTimeMs the longest pause, in milliseconds
     * @param maxRetries how often at most; more than 29 means 29
     */
    public BoundedExponentialBackoffRetry(int baseSleepTimeMs, int maxSleepTimeMs, int maxRetries) {
        super(baseSleepTimeMs, maxRetries, maxSleepTimeMs);
        this.maxSleepTimeMs = maxSleepTimeMs;
    }

    /** The longest pause, in milliseconds. */
    public int getMaxSleepTimeMs() {
        return maxSleepTimeMs;
    }
}
