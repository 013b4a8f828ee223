package io.latchkey.internal;

/**
 * Whether it is worthwhile to let calls wait for others. Callers in a loop that were answered together call again together; those that
 * do something else in between come one by one, and whoever waited for them waited in vain. After each time in vain it is left alone
 * for longer, up to {@value #LONGEST_REST} batches, and tried again.
 *
 * <p>Not thread-safe.
 */
final class Gathering {
    private static final int LONGEST_REST = 256;

    private int rest;
    private int left;

    boolean isWorthwhile() {
        return left == 0;
    }

    /** A batch is on its way, whatever its size. */
    void sent() {
        left = Math.max(0, left - 1);
    }

    /** All that were waited for have come. */
    void complete() {
        rest /= 2;
    }

    /** They have not. */
    void inVain() {
        rest = Math.min(Math.max(1, rest * 2), LONGEST_REST);
        left = rest;
    }
}
