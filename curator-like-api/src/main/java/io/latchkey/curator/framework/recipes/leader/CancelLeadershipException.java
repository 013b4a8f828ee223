package io.latchkey.curator.framework.recipes.leader;

import org.jspecify.annotations.Nullable;

/** Thrown by a {@link LeaderSelectorListener} that hears of a change of state: interrupts the thread that leads. */
public class CancelLeadershipException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Without a message. */
    public CancelLeadershipException() {}

    /**
     * With a message.
     *
     * @param message why
     */
    public CancelLeadershipException(@Nullable String message) {
        super(message);
    }

    /**
     * With a message and a cause.
     *
     * @param message why
     * @param cause what led to it
     */
    public CancelLeadershipException(@Nullable String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /**
     * With a cause.
     *
     * @param cause what led to it
     */
    public CancelLeadershipException(@Nullable Throwable cause) {
        super(cause);
    }
}
