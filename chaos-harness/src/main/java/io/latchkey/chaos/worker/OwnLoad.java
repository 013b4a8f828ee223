package io.latchkey.chaos.worker;

import io.latchkey.DistributedLock;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.chaos.history.Attempt.End;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.util.Optional;
import java.util.SplittableRandom;

/** Takes a lock that nobody else asks for, as fast as it goes: the free path. */
final class OwnLoad extends Load {
    private final Resource resource;

    OwnLoad(
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
        boolean waits = random.nextInt(30) == 0;
        Op op = recorder.call(resource, Mode.EXCLUSIVE, 1, waits);
        Optional<Lease> lease;
        try {
            DistributedLock lock = latchkey.lock(resource.name());
            lease = waits ? Optional.of(lock.acquire()) : lock.tryAcquire();
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        if (lease.isEmpty()) {
            op.ended(End.REFUSED);
            pause(1, 5);
            return;
        }
        op.granted(Held.of(lease.get()));
        op.givingBack();
        lease.get().release();
        op.givenBack();
        pause(0, 8); // or nobody else would get a processor
    }
}
