package io.latchkey.chaos.history;

/**
 * A fault, from its begin until everything is to be as before.
 *
 * @param fault its kind
 * @param victim the worker whose fault it is, 0 if it is everybody's
 * @param what what was done, for people
 * @param from when it began
 * @param healedAt when it was taken back, {@link Long#MAX_VALUE} while it lasts
 * @param settledAt when its effects must be over
 * @param losesCommits whether commits that were confirmed before may be lost
 * @param happened whether it could be done at all
 */
public record Outage(
        String fault,
        int victim,
        String what,
        long from,
        long healedAt,
        long settledAt,
        boolean losesCommits,
        boolean happened) {}
