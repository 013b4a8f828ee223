package io.latchkey;

import org.jspecify.annotations.Nullable;

/** The lease is not the current one any more: roll back, somebody else may hold the lock. */
public final class LeaseLostException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    private final long fencingToken;

    /**
     * Creates one.
     *
     * @param lock the name of the lock
     * @param fencingToken the token that was refused
     * @param sqlState the database's SQLSTATE ({@code LK001}), or null if the client refused by itself
     * @param cause what the driver said, or null
     */
    public LeaseLostException(String lock, long fencingToken, @Nullable String sqlState, @Nullable Throwable cause) {
        super(
                "the lease on '" + lock + "' with fencing token " + fencingToken + " is not current any more",
                lock,
                sqlState,
                cause);
        this.fencingToken = fencingToken;
    }

    /** The token that was refused. */
    public long fencingToken() {
        return fencingToken;
    }
}
