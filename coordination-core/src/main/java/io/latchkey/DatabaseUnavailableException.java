package io.latchkey;

import org.jspecify.annotations.Nullable;

/**
 * The database could not be reached, or did not answer clearly. What was asked for may or may not have happened there; the
 * client has already seen to it that nothing is left behind.
 */
public final class DatabaseUnavailableException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    /** Creates one; see {@link CoordinationException#CoordinationException}. */
    public DatabaseUnavailableException(
            String message, @Nullable String lock, @Nullable String sqlState, @Nullable Throwable cause) {
        super(message, lock, sqlState, cause);
    }
}
