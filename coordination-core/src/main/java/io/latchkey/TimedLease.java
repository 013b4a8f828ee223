package io.latchkey;

/**
 * A lease with a time of its own, which it keeps even if its client dies, and which nobody renews unless told so. Its grant is
 * flushed as the server is configured.
 */
public interface TimedLease extends Lease {
    /**
     * Lets the lease last for another time, counted from now.
     *
     * @param time how long at most and at least
     * @return false if the lease is not current any more
     * @throws DatabaseUnavailableException if the database cannot be asked; the lease keeps its old end
     */
    boolean extend(LeaseTime time);
}
