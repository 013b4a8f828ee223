package io.latchkey.chaos.worker;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.Event;
import io.latchkey.chaos.history.Event.Kind;
import io.latchkey.chaos.history.EventFile;
import io.latchkey.chaos.history.Mode;
import io.latchkey.chaos.history.Resource;

/** One attempt and the lease that came of it, as it is written down. Thread-safe. */
final class Op {
    private final EventFile file;
    private final int number;
    private final Resource resource;
    private final Mode mode;

    Op(EventFile file, int number, Resource resource, Mode mode) {
        this.file = file;
        this.number = number;
        this.resource = resource;
        this.mode = mode;
    }

    Mode mode() {
        return mode;
    }

    Resource resource() {
        return resource;
    }

    /** The call returned a lease. Returns whether it is valid. */
    boolean granted(Held held) {
        held.onLost(this::invalid);
        return look(held, Kind.GRANTED, Kind.GRANTED_LATE);
    }

    /** Looks whether the lease is valid. */
    boolean isValid(Held held) {
        return look(held, Kind.VALID, Kind.INVALID);
    }

    private boolean look(Held held, Kind yes, Kind no) {
        long before = System.nanoTime();
        boolean valid = held.isValid();
        // What remains is counted from some moment after this one, so this is the least that the deadline can be.
        long until = before + held.remaining().toNanos();
        long after = System.nanoTime();
        if (valid && until > after) {
            add(yes, yes == Kind.GRANTED ? after : before, held.token(), until);
        } else {
            add(no, after, held.token(), 0);
        }
        return valid;
    }

    void invalid() {
        add(Kind.INVALID, System.nanoTime(), 0, 0);
    }

    void givingBack() {
        add(Kind.GIVING_BACK, System.nanoTime(), 0, 0);
    }

    void givenBack() {
        add(Kind.GIVEN_BACK, System.nanoTime(), 0, 0);
    }

    void extended(boolean yes) {
        add(Kind.EXTENDED, System.nanoTime(), 0, yes ? 1 : 0);
    }

    void ended(Attempt.End how) {
        add(Kind.ENDED, System.nanoTime(), 0, how.code());
    }

    void write(Kind kind, long id) {
        add(kind, System.nanoTime(), 0, id);
    }

    void add(Kind kind, long time, long token, long extra) {
        file.add(new Event(kind, mode, resource.id(), number, time, token, extra));
    }
}
