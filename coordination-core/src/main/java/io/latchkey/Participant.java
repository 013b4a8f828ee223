package io.latchkey;

/**
 * A candidate of an election, as everybody sees it.
 *
 * @param id its public id, chosen by itself
 * @param holder the public name of its client
 * @param metadata what it says of itself, empty if nothing
 * @param term the term in which it leads, or 0 if it waits
 */
public record Participant(String id, String holder, String metadata, long term) {
    /** Whether it led when the database was asked. */
    public boolean isLeader() {
        return term != 0;
    }
}
