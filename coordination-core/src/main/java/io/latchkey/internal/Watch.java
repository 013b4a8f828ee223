package io.latchkey.internal;

import io.latchkey.Participant;
import org.jspecify.annotations.Nullable;

/** Something that a client wants to hear of, and that is no grant. */
interface Watch {
    /** The name of the lock or the election. */
    String name();

    /** The lease that others may ask for; null if this is about the leader of an election. */
    @Nullable
    Long token();

    /** What the database says. One call at a time, and in order. */
    void seen(Sight sight);

    /**
     * What the database says of a watch.
     *
     * @param asked whether somebody asked for the lease
     * @param leader who leads the election
     */
    record Sight(boolean asked, @Nullable Participant leader) {}
}
