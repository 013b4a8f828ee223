package io.latchkey.spi;

import java.time.Duration;

/**
 * What happens inside a client, for metrics and tracing. Methods are called on the thread where it happens, some of them on the
 * one that renews: return at once. An exception is logged and otherwise ignored. Implement what you need.
 */
public interface LatchkeyEvents {
    /**
     * A call for a lock begins, on the thread that makes it: the place to begin a span, as a child of the one the thread is in.
     *
     * @param lock its name
     * @return what hears how the call ends
     */
    default Attempt acquiring(String lock) {
        return Attempt.UNOBSERVED;
    }

    /**
     * A lock was granted.
     *
     * @param lock its name
     * @param wait from the call to the grant
     * @param queued whether it had to wait for another holder
     */
    default void acquired(String lock, Duration wait, boolean queued) {}

    /**
     * A lock was not to be had, at once or in the time there was.
     *
     * @param lock its name
     * @param wait how long the call waited
     */
    default void refused(String lock, Duration wait) {}

    /**
     * A lease was given back.
     *
     * @param lock its name
     * @param held from the grant to the release
     * @param handedOver whether somebody waited and has it now
     */
    default void released(String lock, Duration held, boolean handedOver) {}

    /**
     * A lease was lost before it was released.
     *
     * @param lock its name
     * @param fencingToken its token
     */
    default void lost(String lock, long fencingToken) {}

    /**
     * The session was renewed.
     *
     * @param roundTrip how long the database took
     */
    default void renewed(Duration roundTrip) {}

    /**
     * A renewal failed; the client tries again.
     *
     * @param error what the driver said
     */
    default void renewalFailed(Throwable error) {}

    /**
     * A grant was learned of by looking and not by its notification, which was lost or late.
     *
     * @param lock its name
     */
    default void wakeUpMissed(String lock) {}

    /**
     * The database had crashed or failed over, and the client resumed its leases.
     *
     * @param kept how many leases it keeps
     * @param lost how many it lost
     */
    default void resumed(int kept, int lost) {}

    /**
     * Whether notifications arrive has become known, or has changed.
     *
     * @param polling true if they do not, and the client polls while it waits
     */
    default void wakeUps(boolean polling) {}
}
