package io.latchkey.spi;

/**
 * Hears how a call for a lock ends: one of these methods is called, once, on whatever thread it is that finds out. Return at once.
 */
public interface Attempt {
    /** For those who do not want to know. */
    Attempt UNOBSERVED = new Attempt() {};

    /**
     * The lock was granted.
     *
     * @param fencingToken the number of the grant
     * @param queued whether it had to wait for another holder
     */
    default void granted(long fencingToken, boolean queued) {}

    /** The lock was not to be had in the time there was, or the caller does not want it any more: an interrupt, a cancelled future. */
    default void refused() {}

    /**
     * It failed.
     *
     * @param error what the caller gets
     */
    default void failed(Throwable error) {}
}
