package io.latchkey.crash;

import io.latchkey.Lease;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Looks at a lease all the time: was it ever invalid, and how often did it say that it was lost? */
final class Observer implements AutoCloseable {
    private final AtomicInteger losses = new AtomicInteger();
    private final Thread thread;
    private volatile boolean seenInvalid;
    private volatile boolean closed;

    Observer(Lease lease) {
        lease.onLost(losses::incrementAndGet);
        thread = new Thread(() -> watch(lease), "observer");
        thread.setDaemon(true);
        thread.start();
    }

    private void watch(Lease lease) {
        while (!closed) {
            if (!lease.isValid()) {
                seenInvalid = true;
                return;
            }
            LockSupport.parkNanos(200_000);
        }
    }

    boolean seenInvalid() {
        return seenInvalid;
    }

    int losses() {
        return losses.get();
    }

    @Override
    public void close() {
        closed = true;
    }
}
