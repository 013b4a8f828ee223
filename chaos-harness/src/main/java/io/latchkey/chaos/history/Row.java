package io.latchkey.chaos.history;

/**
 * A row of the guarded table, as it stands there in the end.
 *
 * @param id the id of the write
 * @param resource the id of the resource
 * @param token the fencing token of the lease that guarded it
 * @param place its place among the writes under this resource, from 1
 */
public record Row(long id, int resource, long token, long place) {}
