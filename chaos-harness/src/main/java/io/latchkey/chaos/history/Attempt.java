package io.latchkey.chaos.history;

import java.util.Optional;

/**
 * One call for a resource, and what became of it, as far as the worker lived to tell. Filled in by whoever reads the file, in any
 * order; not thread-safe.
 */
public final class Attempt {
    /** A moment that was never written down. */
    public static final long NEVER = Long.MIN_VALUE;

    /** How long after the client's own deadline the database may still consider the lock taken. */
    private static final long MARGIN_NANOS = 1_000_000_000L;

    /** How an attempt ends that was not granted. */
    public enum End {
        /** It could not be had in the time there was: said as a fact. */
        REFUSED,
        /** The database did not answer clearly. */
        UNKNOWN,
        /** Interrupted, or its future was cancelled. */
        GIVEN_UP,
        /** The client was closed. */
        CLOSED;

        private static final End[] ALL = values();

        /** How files name it. */
        @SuppressWarnings("EnumOrdinal") // the files of one run are read by the program that wrote them
        public long code() {
            return ordinal();
        }

        static End of(long code) {
            return ALL[(int) code];
        }
    }

    private final String worker;
    private final Resource resource;
    private final Mode mode;
    private final int weight;
    private final boolean waits;
    private final long calledAt;

    private long token;
    private long grantedAt = NEVER;
    private long grantedLateAt = NEVER;
    private long validAt = NEVER;
    private long deadline = NEVER;
    private long invalidAt = NEVER;
    private long givingBackAt = NEVER;
    private long givenBackAt = NEVER;
    private long endedAt = NEVER;
    private Optional<End> end = Optional.empty();
    private long processEndedAt = Long.MAX_VALUE;

    /**
     * One that was just called.
     *
     * @param worker who calls, for people
     * @param waits whether it waits for as long as it takes
     */
    public Attempt(String worker, Resource resource, Mode mode, int weight, boolean waits, long calledAt) {
        this.worker = worker;
        this.resource = resource;
        this.mode = mode;
        this.weight = weight;
        this.waits = waits;
        this.calledAt = calledAt;
    }

    /** Seen valid before this moment; valid until the deadline unless something is heard of it. */
    public Attempt granted(long at, long newToken, long until) {
        grantedAt = at;
        token = newToken;
        return valid(at, until);
    }

    /** Granted, and over before the worker could look at it. */
    public Attempt grantedLate(long at, long newToken) {
        grantedLateAt = at;
        token = newToken;
        return this;
    }

    /** Seen valid after this moment. */
    public Attempt valid(long at, long until) {
        validAt = validAt == NEVER ? at : Math.max(validAt, at);
        deadline = deadline == NEVER ? until : Math.max(deadline, until);
        return this;
    }

    /** Found invalid, or told of the loss; the first time counts. */
    public Attempt invalid(long at) {
        invalidAt = invalidAt == NEVER ? at : Math.min(invalidAt, at);
        return this;
    }

    /** About to release; the first time counts. */
    public Attempt givingBack(long at) {
        givingBackAt = givingBackAt == NEVER ? at : Math.min(givingBackAt, at);
        return this;
    }

    /** Released; the first time counts. */
    public Attempt givenBack(long at) {
        givenBackAt = givenBackAt == NEVER ? at : Math.min(givenBackAt, at);
        return this;
    }

    /** Over without a grant. */
    public Attempt ended(long at, End how) {
        endedAt = at;
        end = Optional.of(how);
        return this;
    }

    /** Its process was killed, or has ended. */
    public Attempt processEnded(long at) {
        processEndedAt = at;
        return this;
    }

    public String worker() {
        return worker;
    }

    public Resource resource() {
        return resource;
    }

    public Mode mode() {
        return mode;
    }

    public int weight() {
        return weight;
    }

    public boolean waits() {
        return waits;
    }

    public long calledAt() {
        return calledAt;
    }

    /** The fencing token, 0 if none is known. */
    public long token() {
        return token;
    }

    /** When it was first seen valid, or {@link #NEVER}. */
    public long grantedAt() {
        return grantedAt;
    }

    /** When the worker knew the token, valid or not, or {@link #NEVER}. */
    public long tokenSeenAt() {
        return grantedAt != NEVER ? grantedAt : grantedLateAt;
    }

    public long deadline() {
        return deadline;
    }

    public long invalidAt() {
        return invalidAt;
    }

    public long givingBackAt() {
        return givingBackAt;
    }

    public long givenBackAt() {
        return givenBackAt;
    }

    public Optional<End> end() {
        return end;
    }

    /**
     * When it was surely valid. A holder that says nothing, because it was stopped or killed, is valid until the last deadline that it
     * saw: {@code isValid()} would have said so. One that was told earlier that it is over counts until it was last seen valid.
     */
    public Optional<Span> window() {
        if (grantedAt == NEVER) {
            return Optional.empty();
        }
        long until = deadline;
        if (invalidAt != NEVER && invalidAt < deadline) {
            until = validAt;
        }
        if (givingBackAt != NEVER) {
            until = Math.min(until, givingBackAt);
        }
        return until > grantedAt ? Optional.of(new Span(grantedAt, until)) : Optional.empty();
    }

    /** Until when the database may rightly consider it taken; for ever if nothing is known of an end. */
    public long takenUntil() {
        if (givenBackAt != NEVER) {
            return givenBackAt;
        } else if (givingBackAt != NEVER) {
            return givingBackAt + 3 * MARGIN_NANOS; // told again and again until it is heard
        } else if (invalidAt != NEVER) {
            return invalidAt + MARGIN_NANOS;
        } else if (processEndedAt != Long.MAX_VALUE) {
            return Math.max(deadline, processEndedAt) + MARGIN_NANOS;
        }
        return grantedLateAt != NEVER ? grantedLateAt + MARGIN_NANOS : Long.MAX_VALUE;
    }

    /** When it was waiting; empty if it is not known to have waited at all. */
    public Optional<Span> waiting(long now) {
        long until;
        if (tokenSeenAt() != NEVER) {
            until = tokenSeenAt();
        } else if (endedAt != NEVER) {
            until = endedAt;
        } else {
            until = Math.min(processEndedAt, now);
        }
        return waits && until > calledAt ? Optional.of(new Span(calledAt, until)) : Optional.empty();
    }
}
