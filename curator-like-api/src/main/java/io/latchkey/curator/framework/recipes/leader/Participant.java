package io.latchkey.curator.framework.recipes.leader;

import java.util.Objects;

/** Somebody who takes part in an election. Immutable. */
public class Participant {
    /** What there is when nobody leads. */
    static final Participant NONE = new Participant("", false);

    private final String id;
    private final boolean isLeader;

    /**
     * Creates one.
     *
     * @param id its id
     * @param leader whether it leads
     */
    public Participant(String id, boolean leader) {
        this.id = id;
        this.isLeader = leader;
    }

    static Participant of(io.latchkey.Participant participant) {
        return new Participant(participant.id(), participant.isLeader());
    }

    /** Its id; of one that chose none, the public name of its client. */
    public String getId() {
        return id;
    }

    /** Whether it led when the database was asked. */
    public boolean isLeader() {
        return isLeader;
    }

    @Override
    public String toString() {
        return "Participant{id='" + id + "', isLeader=" + isLeader + '}';
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Participant that && isLeader == that.isLeader && id.equals(that.id);
    }

    @Override
    public int hashCode() {
        return Objects.hash(id, isLeader);
    }
}
