package io.latchkey.chaos.worker;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.chaos.history.Attempt.End;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A candidate that leads for a while and joins the end of the queue again. */
final class LeaderLoad extends Load {
    private final Resource resource;
    private @Nullable LeaderElection election;
    private @Nullable Op next;

    LeaderLoad(
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
        LeaderElection candidate = election;
        if (candidate == null) {
            candidate = latchkey.election(resource.name());
            election = candidate;
        }
        Op op = next; // written down before it joined the queue
        next = null;
        if (op == null) {
            op = call();
            candidate.campaign();
        }
        Optional<Leadership> leadership = Optional.empty();
        try {
            while (leadership.isEmpty() && !isStopping()) {
                leadership = candidate.await(Duration.ofMillis(200));
            }
        } catch (RuntimeException e) {
            op.ended(endOf(e));
            throw e;
        }
        if (leadership.isEmpty()) {
            op.ended(End.GIVEN_UP);
            return;
        }
        Held held = Held.of(leadership.get());
        if (op.granted(held)) {
            stay(op, held, random.nextInt(3) == 0 ? random.nextInt(300, 3_000) : random.nextInt(20, 300));
            hold(op, held, true);
        }
        op.givingBack();
        if (random.nextInt(4) == 0) {
            candidate.resign();
            op.givenBack();
            pause(1, 50);
        } else {
            next = call();
            candidate.requeue();
            op.givenBack();
        }
    }

    private Op call() {
        return recorder.call(resource, Mode.LEADER, 1, true);
    }

    @Override
    void end() {
        LeaderElection candidate = election;
        if (candidate != null) {
            candidate.close();
        }
        Op waiting = next;
        if (waiting != null) {
            waiting.ended(End.GIVEN_UP);
        }
    }
}
