package io.latchkey.chaos.history;

import java.nio.ByteBuffer;

/**
 * One record of a worker's file, 32 bytes. All times are {@link System#nanoTime()}, which the processes of one machine share on
 * Linux.
 *
 * @param kind what happened
 * @param mode how the resource is taken
 * @param resource the id of the resource
 * @param op the number of the attempt within its process
 * @param time when
 * @param token the fencing token, or 0
 * @param extra what the kind says
 */
public record Event(Kind kind, Mode mode, int resource, int op, long time, long token, long extra) {
    /** Bytes of a record. */
    public static final int SIZE = 32;

    private static final Kind[] KINDS = Kind.values();
    private static final Mode[] MODES = Mode.values();

    /** What can happen. The order is part of the file format. */
    public enum Kind {
        /** About to ask. Extra: the weight, and {@link #WAITS} if the call waits without a limit of its own. */
        CALL,
        /** Seen valid for the first time, before this moment. Extra: until when at least, if nothing is heard of it. */
        GRANTED,
        /** Granted, and not valid any more when it was first looked at. */
        GRANTED_LATE,
        /** Seen valid after this moment. Extra: until when at least. */
        VALID,
        /** Found invalid, or told that it is lost. */
        INVALID,
        /** About to release. */
        GIVING_BACK,
        /** Released. */
        GIVEN_BACK,
        /** The attempt is over without a grant. Extra: ordinal of {@link Attempt.End}. */
        ENDED,
        /** The fence was passed in a transaction. Extra: the id of the write. */
        FENCED,
        /** About to commit. Extra: the id of the write. */
        COMMITTING,
        /** The commit was confirmed. Extra: the id of the write. */
        COMMITTED,
        /** Surely not committed. Extra: the id of the write. */
        ROLLED_BACK,
        /** A timed lease was, or was not, extended. */
        EXTENDED,
        /** A grant that had to wait. */
        QUEUED_GRANT,
        /** A grant that was learned of by looking, not by its notification. */
        WAKE_UP_MISSED,
        /** The leases were resumed after a crash. Extra: how many were lost. */
        RESUMED
    }

    /** In the extra of {@link Kind#CALL}. */
    public static final long WAITS = 1L << 32;

    /** Writes it. */
    @SuppressWarnings("EnumOrdinal") // the files of one run are read by the program that wrote them
    public void write(ByteBuffer buffer) {
        buffer.put((byte) kind.ordinal())
                .put((byte) mode.ordinal())
                .putShort((short) resource)
                .putInt(op)
                .putLong(time)
                .putLong(token)
                .putLong(extra);
    }

    /** Reads one. */
    public static Event read(ByteBuffer buffer) {
        return new Event(
                KINDS[buffer.get()],
                MODES[buffer.get()],
                buffer.getShort(),
                buffer.getInt(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong());
    }
}
