package io.latchkey.chaos.worker;

import io.latchkey.chaos.history.Event;
import io.latchkey.chaos.history.Event.Kind;
import io.latchkey.chaos.history.EventFile;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import io.latchkey.spi.LatchkeyEvents;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes down what this process does. Thread-safe. */
final class Recorder implements LatchkeyEvents {
    private final EventFile file;
    private final AtomicInteger ops = new AtomicInteger();

    Recorder(EventFile file) {
        this.file = file;
    }

    /** An attempt that is about to be made. */
    Op call(Resource resource, Mode mode, int weight, boolean waits) {
        Op op = new Op(file, ops.incrementAndGet(), resource, mode);
        op.add(Kind.CALL, System.nanoTime(), 0, weight | (waits ? Event.WAITS : 0));
        return op;
    }

    @Override
    public void acquired(String lock, Duration wait, boolean queued) {
        if (queued) {
            count(Kind.QUEUED_GRANT, 0);
        }
    }

    @Override
    public void wakeUpMissed(String lock) {
        count(Kind.WAKE_UP_MISSED, 0);
    }

    @Override
    public void resumed(int kept, int lost) {
        count(Kind.RESUMED, lost);
    }

    private void count(Kind kind, long extra) {
        file.add(new Event(kind, Mode.EXCLUSIVE, 0, 0, System.nanoTime(), 0, extra));
    }
}
