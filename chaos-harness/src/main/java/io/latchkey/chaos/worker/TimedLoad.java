package io.latchkey.chaos.worker;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.chaos.history.Attempt.End;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Takes timed leases: lets them end, extends them, keeps them alive, gives them back. */
final class TimedLoad extends Load {
    private final List<Resource> resources;

    TimedLoad(
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
        // Never longer than a session, so that a grace period outlasts it.
        LeaseTime time = LeaseTime.atMost(Duration.ofMillis(random.nextInt(300, 1_500)));
        Op op = recorder.call(resource, Mode.TIMED, 1, false);
        Optional<TimedLease> lease;
        try {
            lease = random.nextBoolean()
                    ? latchkey.lock(resource.name()).tryAcquireTimed(time)
                    : latchkey.lock(resource.name()).tryAcquireTimed(time, Duration.ofMillis(random.nextInt(1, 3_000)));
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        if (lease.isEmpty()) {
            op.ended(End.REFUSED);
            pause(5, 50);
            return;
        }
        use(op, lease.get(), time);
        pause(1, 20);
    }

    private void use(Op op, TimedLease lease, LeaseTime time) {
        Held held = Held.of(lease);
        if (op.granted(held)) {
            switch (random.nextInt(5)) {
                case 0 -> {
                    stay(op, held, time.atMost().toMillis() * 2); // until it ends by itself
                    return;
                }
                case 1 -> {
                    lease.keepAlive();
                    stay(op, held, random.nextInt(500, 2_500));
                }
                case 2 -> {
                    stay(op, held, random.nextLong(time.atMost().toMillis()));
                    extend(op, lease, time);
                    stay(op, held, random.nextLong(time.atMost().toMillis()));
                }
                default -> hold(op, held, true);
            }
        }
        op.givingBack();
        lease.release();
        op.givenBack();
    }

    private static void extend(Op op, TimedLease lease, LeaseTime time) {
        try {
            op.extended(lease.extend(time));
        } catch (CoordinationException e) {
            op.extended(false); // it keeps its old end
        }
    }
}
