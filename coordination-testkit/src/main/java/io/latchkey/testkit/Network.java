package io.latchkey.testkit;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** How the network behind a {@link TcpProxy} is at the moment. */
final class Network {
    private Duration delay = Duration.ZERO;
    private boolean swallow;
    private boolean stalled;

    synchronized void delay(Duration wanted) {
        delay = wanted;
    }

    synchronized void swallow() {
        swallow = true;
        notifyAll();
    }

    synchronized void stall() {
        stalled = true;
    }

    synchronized void heal() {
        delay = Duration.ZERO;
        swallow = false;
        stalled = false;
        notifyAll();
    }

    synchronized boolean swallows() {
        return swallow;
    }

    /** Takes as long as a piece of data takes through this network. */
    void transit() throws InterruptedException {
        long nanos;
        synchronized (this) {
            nanos = delay.toNanos();
        }
        if (nanos > 0) {
            TimeUnit.NANOSECONDS.sleep(nanos);
        }
        synchronized (this) {
            while (stalled && !swallow) {
                wait();
            }
        }
    }
}
