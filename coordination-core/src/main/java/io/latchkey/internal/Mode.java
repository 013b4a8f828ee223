package io.latchkey.internal;

/**
 * How a lock is taken, for the life of a session: alone, as a reader with others, or as permits of a semaphore.
 *
 * @param kind which of them
 * @param weight how many permits; 1 for all others
 * @param permits how many the semaphore has if it is new; 0 for a lock
 */
public record Mode(Kind kind, int weight, int permits) {
    /** The ways. A write lease is an exclusive one whose client watches that no thread waits for itself. */
    public enum Kind {
        EXCLUSIVE,
        WRITE,
        READ,
        PERMITS
    }

    /** The plain lock. */
    public static final Mode EXCLUSIVE = new Mode(Kind.EXCLUSIVE, 1, 0);
    /** The write side of a read/write lock. */
    public static final Mode WRITE = new Mode(Kind.WRITE, 1, 0);
    /** The read side of a read/write lock. */
    public static final Mode READ = new Mode(Kind.READ, 1, 0);

    private static final int MAX_PERMITS = 1_000_000_000;

    /** Permits of a semaphore. */
    public static Mode permits(int weight, int permits) {
        if (weight < 1) {
            throw new IllegalArgumentException(weight + " permits cannot be taken, only 1 or more");
        }
        return new Mode(Kind.PERMITS, weight, permits);
    }

    /** Checks the number of a semaphore's permits. */
    public static int checkedPermits(int permits) {
        if (permits < 1 || permits > MAX_PERMITS) {
            throw new IllegalArgumentException("a semaphore has 1 to 1,000,000,000 permits, not " + permits);
        }
        return permits;
    }

    /** Whether others may hold the same name at the same time. */
    boolean isShared() {
        return kind == Kind.READ || kind == Kind.PERMITS;
    }

    /** Whether a thread that holds it must not wait for the same lock. */
    boolean isSideOfReadWriteLock() {
        return kind == Kind.READ || kind == Kind.WRITE;
    }

    /** How a batch names this call. */
    String word(Call.Kind call) {
        if (!isShared() || call == Call.Kind.WITHDRAW) {
            return call.word;
        } else if (call == Call.Kind.RELEASE) {
            return "give_back";
        }
        String word = kind == Kind.READ ? "read" : "permits " + weight + "/" + permits;
        return call == Call.Kind.TRY ? "try_" + word : word;
    }
}
