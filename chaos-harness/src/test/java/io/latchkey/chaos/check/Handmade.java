package io.latchkey.chaos.check;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Outage;
import io.latchkey.chaos.history.Resource;
import io.latchkey.chaos.history.Write;
import java.util.concurrent.TimeUnit;

/** Histories written by hand. All times are in milliseconds. */
final class Handmade {
    static final Resource MUTEX = Resource.MUTEXES.get(0);
    static final Resource OTHER = Resource.MUTEXES.get(1);
    static final Resource DOCUMENT = Resource.READ_WRITE.get(0);
    static final Resource POOL = Resource.SEMAPHORES.get(0);

    private Handmade() {}

    static long ms(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    static Attempt called(String worker, Resource resource, Mode mode, int weight, long at) {
        return new Attempt(worker, resource, mode, weight, true, ms(at));
    }

    static Attempt called(String worker, long at) {
        return called(worker, MUTEX, Mode.EXCLUSIVE, 1, at);
    }

    /** Asked for a millisecond before it was granted, valid until the deadline if nothing follows. */
    static Attempt held(String worker, Resource resource, Mode mode, long token, long from, long deadline) {
        return called(worker, resource, mode, 1, from - 1).granted(ms(from), token, ms(deadline));
    }

    static Attempt held(String worker, long token, long from, long deadline) {
        return held(worker, MUTEX, Mode.EXCLUSIVE, token, from, deadline);
    }

    static Attempt released(Attempt attempt, long begins, long ends) {
        return attempt.givingBack(ms(begins)).givenBack(ms(ends));
    }

    static Outage outage(long from, long healed, long settled) {
        return new Outage("fault", 0, "something", ms(from), ms(healed), ms(settled), false, true);
    }

    static Outage lossy(long from, long healed) {
        return new Outage("failover", 0, "something", ms(from), ms(healed), ms(healed), true, true);
    }

    static Write committed(long id, Attempt under, long fenced, long committing, long ended) {
        return new Write(id, under)
                .fenced(ms(fenced))
                .committing(ms(committing))
                .ended(ms(ended), Write.Outcome.COMMITTED);
    }

    static History history(Attempt... attempts) {
        History history = new History().until(ms(100_000));
        for (Attempt attempt : attempts) {
            history.add(attempt);
        }
        return history;
    }
}
