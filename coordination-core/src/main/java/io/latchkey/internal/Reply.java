package io.latchkey.internal;

/**
 * The answer to a call: {@code latchkey.reply} as PostgreSQL prints it, which saves the driver a look into its catalog. No part
 * of it ever needs quotes.
 *
 * @param outcome one of the words in the comments of the SQL functions
 * @param token the fencing token, or 0
 * @param incarnation of the database, or 0 if it was not told
 * @param retryMs after how long another look is worthwhile, or -1; 0 where it handed the lock over to others on its way
 * @param permits how many permits the semaphore has if that is not what was named, or 0
 */
record Reply(String outcome, long token, long incarnation, long retryMs, int permits) {
    /** An outcome alone. */
    static Reply of(String outcome) {
        return new Reply(outcome, 0, 0, -1, 0);
    }

    static Reply granted(long token) {
        return new Reply("granted", token, 0, -1, 0);
    }

    static Reply parse(String composite) {
        String[] parts = composite.substring(1, composite.length() - 1).split(",", -1);
        return new Reply(
                parts[0], number(parts[1], 0), number(parts[2], 0), number(parts[3], -1), (int) number(parts[4], 0));
    }

    private static long number(String text, long ifAbsent) {
        return text.isEmpty() ? ifAbsent : Long.parseLong(text);
    }

    /** Also one that queues may have: it found the lock without a holder, and others before it. */
    boolean mayHaveHandedOver() {
        return is("handed_over") || is("queued") || retryMs == 0;
    }

    boolean is(String expected) {
        return outcome.equals(expected);
    }
}
