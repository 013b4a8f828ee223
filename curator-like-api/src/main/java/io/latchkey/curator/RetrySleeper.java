package io.latchkey.curator;

import java.util.concurrent.TimeUnit;

/** How a {@link RetryPolicy} waits. */
@FunctionalInterface
public interface RetrySleeper {
    /**
     * Waits.
     *
     * @param time how long
     * @param unit of time
     * @throws InterruptedException if interrupted
     */
    void sleepFor(long time, TimeUnit unit) throws InterruptedException;
}
