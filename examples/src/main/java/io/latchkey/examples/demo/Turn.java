package io.latchkey.examples.demo;

/**
 * One time that a worker had the lock. Times are of the monotonic clock that all processes of a machine share.
 *
 * @param worker who
 * @param token the fencing token
 * @param heldAt when it knew that it had the lock
 * @param end how it ended
 * @param endedAt when it began to give the lock back, or was killed or stopped; 0 while it goes on
 */
record Turn(String worker, long token, long heldAt, End end, long endedAt) {
    enum End {
        NOT_YET,
        RELEASED,
        KILLED,
        STOPPED
    }

    Turn ended(End how, long when) {
        return new Turn(worker, token, heldAt, how, when);
    }
}
