package io.latchkey.chaos.worker;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.util.List;
import java.util.SplittableRandom;

/** Holds a lock for seconds: over crashes, restarts and failovers. */
final class VaultLoad extends Load {
    private final List<Resource> resources;

    VaultLoad(
            Latchkey latchkey,
            Recorder recorder,
            GuardedTable table,
            Stop stop,
            SplittableRandom random,
            List<Resource> resources) {
        super(latchkey, recorder, table, stop, random);
        this.resources = resources;
    }

    @Override
    void turn() throws InterruptedException {
        Resource resource = resources.get(random.nextInt(resources.size()));
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
