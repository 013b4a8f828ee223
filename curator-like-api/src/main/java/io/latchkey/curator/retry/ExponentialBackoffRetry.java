package io.latchkey.curator.retry;

import java.util.concurrent.ThreadLocalRandom;

/** Tries again a number of times, with pauses that grow, at random up to twice as long each time. */
public class ExponentialBackoffRetry extends SleepingRetry {
    private static final int MAX_RETRIES = 29;

    private final int baseSleepTimeMs;
    private final int maxSleepMs;

    /**
     * Without a limit for a single pause.
     *
     * @param baseSleepTimeMs the first pause, in milliseconds
     * @param maxRetries how often at most; more than 29 means 29
     */
    public ExponentialBackoffRetry(int baseSleepTimeMs, int maxRetries) {
        this(baseSleepTimeMs, maxRetries, Integer.MAX_VALUE);
    }

    /**
     * With a limit for a single pause.
     *
     * @param baseSleepTimeMs the first pause, in milliseconds
     * @param maxRetries how often at most; more than 29 means 29
     * @param maxSleepMs the longest pause, in milliseconds
     */
    public ExponentialBackoffRetry(int baseSleepTimeMs, int maxRetries, int maxSleepMs) {
        super(Math.min(maxRetries, MAX_RETRIES));
        this.baseSleepTimeMs = baseSleepTimeMs;
        this.maxSleepMs = maxSleepMs;
    }

    /** The first pause, in milliseconds. */
    public int getBaseSleepTimeMs() {
        return baseSleepTimeMs;
    }

    @Override
    protected long getSleepTimeMs(int retryCount, long elapsedTimeMs) {
        int factor = ThreadLocalRandom.current().nextInt(1 << (retryCount + 1));
        return Math.min(maxSleepMs, (long) baseSleepTimeMs * Math.max(1, factor));
    }
}
