package io.latchkey.chaos.worker;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.chaos.history.Attempt.End;
import io.latchkey.chaos.history.Mode;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** One thread's work: takes things, looks whether they are valid, writes under their guard, gives them back. */
abstract class Load implements Runnable {
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    final Latchkey latchkey;
    final Recorder recorder;
    final SplittableRandom random;
    private final GuardedTable table;
    private final Stop stop;

    /** When to end, and where to tell of what nobody expected. */
    interface Stop {
        boolean isAsked();

        void surprise(String what);
    }

    Load(Latchkey latchkey, Recorder recorder, GuardedTable table, Stop stop, SplittableRandom random) {
        this.latchkey = latchkey;
        this.recorder = recorder;
        this.table = table;
        this.stop = stop;
        this.random = random;
    }

    /** One attempt, and what follows from it. */
    abstract void turn() throws InterruptedException;

    /** Leaves nothing behind. */
    void end() {}

    @Override
    public final void run() {
        try {
            while (!stop.isAsked()) {
                try {
                    turn();
                } catch (CoordinationException e) {
                    pause(5, 40); // the database is away: expected here
                } catch (InterruptedException e) {
                    // Of a call that was to be interrupted.
                } catch (RuntimeException e) {
                    surprise(e);
                    pause(20, 50);
                }
            }
        } finally {
            end();
            table.close();
        }
    }

    final void surprise(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        stop.surprise(getClass().getSimpleName() + ": " + e + (trace.length > 0 ? " at " + trace[0] : ""));
    }

    /** How a call ended that threw this. */
    static End endOf(RuntimeException e) {
        return e instanceof CoordinationException ? End.UNKNOWN : End.CLOSED;
    }

    final boolean isStopping() {
        return stop.isAsked();
    }

    /** Works for a moment, or a while, under what it holds. */
    final void hold(Op op, Held held, boolean writes) {
        int dice = random.nextInt(100);
        long millis =
                dice < 70 ? 0 : dice < 93 ? random.nextInt(1, 15) : dice < 99 ? random.nextInt(15, 80) : longStay();
        if (writes && random.nextInt(100) < 25) {
            boolean early = op.mode() != Mode.LEADER
                    && random.nextInt(4) == 0; // before the commit: the usual mistake, which a fence makes harmless
            table.write(op, held, early ? () -> release(op, held) : () -> {}, TimeUnit.MILLISECONDS.toNanos(millis));
        } else {
            stay(op, held, millis);
        }
    }

    private static void release(Op op, Held held) {
        op.givingBack();
        held.release();
        op.givenBack();
    }

    private int longStay() {
        return random.nextInt(200, 2_500);
    }

    /** Looks again and again, for so long or until it is over. */
    final void stay(Op op, Held held, long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (op.isValid(held)) {
            long left = until - System.nanoTime();
            if (left <= 0 || stop.isAsked()) {
                return;
            }
            LockSupport.parkNanos(Math.min(left, LOOK_NANOS));
        }
    }

    final void pause(int fromMillis, int toMillis) {
        LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(random.nextInt(fromMillis * 1_000, toMillis * 1_000 + 1)));
    }
}
