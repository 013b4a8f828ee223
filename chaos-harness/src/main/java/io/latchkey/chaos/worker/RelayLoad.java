package io.latchkey.chaos.worker;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Asks for a lock at the same moment as all other workers do, and never comes back to it: whoever is forgotten in its queue is not
 * found by a call that comes by.
 */
final class RelayLoad extends Load {
    private static final long SLOT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    RelayLoad(Latchkey latchkey, Recorder recorder, GuardedTable table, Stop stop, SplittableRandom random) {
        super(latchkey, recorder, table, stop, random);
    }

    @Override
    void turn() throws InterruptedException {
        long slot = System.nanoTime() / SLOT_NANOS + 1; // the same number in all processes
        for (long left = slot * SLOT_NANOS - System.nanoTime();
                left > 0;
                left = slot * SLOT_NANOS - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        Op op = recorder.call(Resource.relay(slot), Mode.EXCLUSIVE, 1, true);
        Lease lease;
        try {
            lease = latchkey.lock(op.resource().name()).acquire();
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        Held held = Held.of(lease);
        if (op.granted(held)) {
            stay(op, held, random.nextInt(0, 4));
        }
        op.givingBack();
        lease.release();
        op.givenBack();
    }
}
