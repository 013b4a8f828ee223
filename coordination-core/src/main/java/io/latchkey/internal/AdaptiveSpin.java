package io.latchkey.internal;

import java.io.IOException;
import java.io.InputStream;

/**
 * Looks for an answer for a moment before the thread blocks for it, as adaptive mutexes do. A server nearby answers a call in less
 * time than it takes to put a thread to sleep and to wake it up again. Where answers take longer than the moment (a network, many
 * callers, no idle processor) looking was in vain, and the next {@value #REST} answers are waited for without.
 *
 * <p>For one thread at a time, as the connection it belongs to.
 */
final class AdaptiveSpin {
    private static final int REST = 32;
    private static final boolean ONE_PROCESSOR = Runtime.getRuntime().availableProcessors() == 1;

    private final long nanos;
    private int rest;

    /** Looks for so long, counted from when the request was sent; 0: never. */
    AdaptiveSpin(long nanos) {
        this.nanos = ONE_PROCESSOR ? 0 : nanos;
    }

    @SuppressWarnings("ThreadPriorityCheck") // yielding is a courtesy; nothing depends on it
    void await(InputStream answer, long sentAt) throws IOException {
        if (nanos == 0 || --rest >= 0) {
            return;
        }
        do {
            if (answer.available() > 0) {
                rest = 0;
                return;
            }
            Thread.yield();
        } while (System.nanoTime() - sentAt < nanos);
        rest = REST;
    }
}
