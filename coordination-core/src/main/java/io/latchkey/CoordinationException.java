package io.latchkey;

import org.jspecify.annotations.Nullable;

/**
 * A fault: something is wrong with the database, the network or the call. Contention is never one; it is a value, such as an
 * empty {@link java.util.Optional}. Messages name what to do, and never a password or a session id.
 */
public class CoordinationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String lock;
    private final @Nullable String sqlState;

    /**
     * Creates one.
     *
     * @param message one sentence for people
     * @param lock the name of the lock it is about, or null
     * @param sqlState the database's SQLSTATE, or null
     * @param cause what the driver said, or null
     */
    public CoordinationException(
            String message, @Nullable String lock, @Nullable String sqlState, @Nullable Throwable cause) {
        super(message, cause);
        this.lock = lock;
        this.sqlState = sqlState;
    }

    /** The name of the lock it is about, or null if it is about none. */
    public @Nullable String lock() {
        return lock;
    }

    /** The database's SQLSTATE, or null if the database had no part in it. */
    public @Nullable String sqlState() {
        return sqlState;
    }
}
