package io.latchkey;

/**
 * A lease with a time of its own, which it keeps even if its client dies, and which nobody renews unless told so. Its grant is
 * flushed as the server is configured.
 */
public interface TimedLease extends Lease {
    /**
     * Lets the lease last for another time, counted from now. Calls from several threads take effect one after the other.
     *
     * @param time how long at most and at least
     * @return false if the lease is not current any more
     * @throws DatabaseUnavailableException if the database did not answer; the lease keeps its old end, or the new one if that is
     *     earlier, because the database may have heard
     */
    boolean extend(LeaseTime time);

    /**
     * Lets the client extend the lease from now on, each time by the length that it was given last, after a third of it; until it
     * is released or lost, as {@link #onLost} tells. Its least time goes on counting from where it began. Needs no thread of its
     * own. A second call does nothing.
     */
    void keepAlive();

    /**
     * Gives the lease back as though it had never been granted: without its least time. For who needs two things at once and did
     * not get the other. Like {@link #release()} in everything else.
     *
     * @return true the first time if the lease was still valid; false if it was released before, or lost
     */
    boolean withdraw();
}
