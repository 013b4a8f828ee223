package io.latchkey;

/**
 * Told how a candidate fares. Called on threads of the client, for each listener one call at a time and in order, and no event is
 * dropped. A slow listener delays neither the election nor other listeners. An exception is logged. Implement what you need.
 *
 * <p>An event is what was true when it was sent; by the time it arrives more may have happened. So work under {@link
 * Leadership#isValid()}, not under the event.
 */
public interface ElectionListener {
    /**
     * This candidate leads now. A listener that is added while it leads is told at once.
     *
     * @param leadership what it can rely on
     */
    default void elected(Leadership leadership) {}

    /**
     * This candidate gave the leadership up: it resigned, went to the end of the queue, or was closed.
     *
     * @param term the term that has ended
     */
    default void resigned(long term) {}

    /**
     * The leadership was lost: the session was not renewed in time, or the database ended it. Sent before the database can elect
     * another. The candidate stands for election again by itself.
     *
     * @param term the term that has ended
     */
    default void lost(long term) {}
}
