package io.latchkey.curator.framework.recipes.leader;

/**
 * Told whether a {@link LeaderLatch} leads. Called one event at a time and in order; a slow listener delays neither the latch nor
 * other listeners. By the time a call arrives more may have happened, so ask {@link LeaderLatch#hasLeadership()}.
 */
public interface LeaderLatchListener {
    /** It leads now. A listener that is added while it leads is told at once. */
    void isLeader();

    /** It leads no more: the session is in doubt (as the error policy says) or lost, or the latch was closed with a notice. */
    void notLeader();
}
