package io.latchkey.curator;

import io.latchkey.DatabaseUnavailableException;

/**
 * Whether an operation is tried again while the database cannot be reached. A lock that is waited for needs none: it waits over
 * outages by itself. Thread-safe.
 */
public interface RetryPolicy {
    /**
     * Called when an operation has failed; waits if it is to be tried again.
     *
     * @param retryCount how often it was tried again, 0 for the first time
     * @param elapsedTimeMs milliseconds since it was first tried
     * @param sleeper use this to wait
     * @return whether to try again
     */
    boolean allowRetry(int retryCount, long elapsedTimeMs, RetrySleeper sleeper);

    /**
     * Whether trying again makes sense after this failure.
     *
     * @param exception the failure
     */
    default boolean allowRetry(Throwable exception) {
        return exception instanceof DatabaseUnavailableException;
    }
}
