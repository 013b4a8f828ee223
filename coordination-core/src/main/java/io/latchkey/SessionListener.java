package io.latchkey;

/** Told of each change of a client's session. */
@FunctionalInterface
public interface SessionListener {
    /**
     * The state has changed. Called on a thread of the client, for each listener one call at a time and in order, and no event
     * is dropped. A slow listener delays neither renewals nor other listeners. An exception is logged.
     *
     * @param state the new state
     */
    void stateChanged(SessionState state);
}
