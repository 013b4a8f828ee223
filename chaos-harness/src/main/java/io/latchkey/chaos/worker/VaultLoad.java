package io.latchkey.chaos.worker;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.util.SplittableRandom;

/** Holds a lock for seconds: over crashes, restarts and failovers. */
final class VaultLoad extends Load {
    private final Resource resource;

    VaultLoad(
            Latchkey latchkey,
            Recorder recorder,
            GuardedTable table,
            Stop stop,
            SplittableRandom random,
            Resource resource) {
        super(latchkey, recorder, table, stop, random);
        this.resource = resource;
    }

    @Override
    void turn() throws InterruptedException {
        Op op = recorder.call(resource, Mode.EXCLUSIVE, 1, true);
        Lease lease;
        try {
            lease = latchkey.lock(resource.name()).acquire();
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        Held held = Held.of(lease);
        if (op.granted(held)) {
            stay(op, held, random.nextInt(1_000, 9_000));
            hold(op, held, true);
        }
        op.givingBack();
        lease.release();
        op.givenBack();
    }
}
