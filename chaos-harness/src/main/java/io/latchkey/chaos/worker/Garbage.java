package io.latchkey.chaos.worker;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Long pauses of a real collector, with much to look through. */
final class Garbage {
    private static final int NODES = 2_000_000;

    private Garbage() {}

    private static final class Node {
        private final @Nullable Node next;

        private Node(@Nullable Node next) {
            this.next = next;
        }
    }

    static void collectFor(Duration time) {
        long until = System.nanoTime() + time.toNanos();
        Node last = null;
        for (int i = 0; i < NODES; i++) {
            last = new Node(last);
        }
        while (System.nanoTime() - until < 0) {
            System.gc();
        }
        if (last == null || last.next == null) {
            throw new IllegalStateException("collected too early");
        }
    }
}
