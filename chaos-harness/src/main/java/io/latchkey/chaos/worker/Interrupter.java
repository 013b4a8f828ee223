package io.latchkey.chaos.worker;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Interrupts threads that wait, and nobody else. Thread-safe. */
final class Interrupter {
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "interrupter");
        thread.setDaemon(true);
        return thread;
    });

    /** The calling thread is interrupted after this time, unless the threat is closed before. */
    Threat threaten(int millis) {
        Threat threat = new Threat(Thread.currentThread());
        var unused = timer.schedule(threat::carryOut, millis, TimeUnit.MILLISECONDS);
        return threat;
    }

    /** One thread that may be interrupted. Closed by that thread. */
    static final class Threat implements AutoCloseable {
        private final Thread victim;
        private boolean over;

        private Threat(Thread victim) {
            this.victim = victim;
        }

        private synchronized void carryOut() {
            if (!over) {
                over = true;
                victim.interrupt();
            }
        }

        @Override
        public synchronized void close() {
            over = true;
            var unused = Thread.interrupted();
        }
    }
}
