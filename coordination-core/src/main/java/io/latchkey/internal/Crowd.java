package io.latchkey.internal;

import java.util.concurrent.atomic.AtomicInteger;

/** How many calls are usually under way at the same time: an estimate that rises at once and falls slowly. Thread-safe. */
final class Crowd {
    private static final int SLOWNESS = 8;

    private final AtomicInteger underWay = new AtomicInteger();
    private volatile double size;

    void enter() {
        underWay.incrementAndGet();
    }

    void leave() {
        underWay.decrementAndGet();
    }

    /** Has a look. Two that look at the same moment may count as one. */
    void look() {
        int now = underWay.get();
        double before = size;
        size = now > before ? now : before + (now - before) / SLOWNESS;
    }

    int size() {
        return (int) Math.round(size);
    }
}
