package io.latchkey.chaos.history;

/** A transaction that a lease guards: fence, write, commit. Filled in by whoever reads the file; not thread-safe. */
public final class Write {
    /** What its worker knows of it. */
    public enum Outcome {
        /** The commit was confirmed. */
        COMMITTED,
        /** It surely did not happen. */
        ROLLED_BACK,
        /** The commit was sent and not answered, or its worker died. */
        UNKNOWN
    }

    private final long id;
    private final Attempt attempt;
    private long fencedAt = Attempt.NEVER;
    private long committingAt = Attempt.NEVER;
    private long endedAt = Attempt.NEVER;
    private Outcome outcome = Outcome.UNKNOWN;

    /** One under this attempt's lease. */
    public Write(long id, Attempt attempt) {
        this.id = id;
        this.attempt = attempt;
    }

    /** The fence let it pass. */
    public Write fenced(long at) {
        fencedAt = at;
        return this;
    }

    /** About to commit. */
    public Write committing(long at) {
        committingAt = at;
        return this;
    }

    /** Answered, or rolled back. */
    public Write ended(long at, Outcome how) {
        endedAt = at;
        outcome = how;
        return this;
    }

    public long id() {
        return id;
    }

    public Attempt attempt() {
        return attempt;
    }

    public long fencedAt() {
        return fencedAt;
    }

    public long committingAt() {
        return committingAt;
    }

    public long endedAt() {
        return endedAt;
    }

    public Outcome outcome() {
        return outcome;
    }
}
