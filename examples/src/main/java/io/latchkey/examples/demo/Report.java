package io.latchkey.examples.demo;

import java.util.regex.MatchResult;

/**
 * What a worker tells its parent, as one line of text.
 *
 * @param worker its name
 * @param kind what happened
 * @param token the fencing token it is about, 0 if none
 * @param nanos when, on the monotonic clock that all processes of a machine share
 * @param text more about it, or empty
 */
record Report(String worker, Kind kind, long token, long nanos, String text) {
    enum Kind {
        /** Connected, and waiting for orders. */
        READY,
        /** Has the lock. */
        HELD,
        /** Has the lock too, and stands still before its write until it is told to go on. */
        HOLDING,
        /** Has written its row and given the lock back; the time is that of the call. */
        RELEASED,
        /** Was about to write, and its lease says that it is over. */
        OVER,
        /** The database refused its write; the text is the SQLSTATE. */
        REFUSED,
        /** The database took a write under a lease that was over. This must not happen. */
        STALE,
        /** The process has ended; the text is what it said. */
        ENDED
    }

    /** How a line begins that is meant for the parent. */
    static final String PATTERN = "^@ (\\S+) (\\S+) (\\S+) ?(.*)$";

    String line() {
        return "@ " + kind + " " + token + " " + nanos + " " + text;
    }

    static Report parse(String worker, MatchResult line) {
        return new Report(
                worker,
                Kind.valueOf(line.group(1)),
                Long.parseLong(line.group(2)),
                Long.parseLong(line.group(3)),
                line.group(4));
    }
}
