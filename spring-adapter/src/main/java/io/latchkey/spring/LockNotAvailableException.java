package io.latchkey.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Others had the lock of a {@link Locked} method for as long as it waits. The method did not run. */
public final class LockNotAvailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String lock;

    /**
     * Creates one.
     *
     * @param lock the name of the lock
     * @param waited how long the call was ready to wait, or null if it was interrupted
     * @param cause the interrupt, or null
     */
    public LockNotAvailableException(String lock, @Nullable Duration waited, @Nullable InterruptedException cause) {
        super(
                waited == null
                        ? "interrupted while waiting for the lock '" + lock + "'"
                        : "the lock '" + lock + "' was not to be had within " + waited.toMillis() + " ms",
                cause);
        this.lock = lock;
    }

    /** The name of the lock. */
    public String lock() {
        return lock;
    }
}
