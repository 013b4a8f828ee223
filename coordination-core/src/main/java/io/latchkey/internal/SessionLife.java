package io.latchkey.internal;

import java.util.UUID;

/**
 * A session as the client sees it, from opening to its end. A crash of the database gives it a new id and leaves it what it is;
 * once its deadline has passed there is nothing to save, and a new life begins.
 */
final class SessionLife {
    final Deadline deadline;
    private volatile UUID id;
    private volatile long incarnation;

    SessionLife(UUID id, long incarnation, long until) {
        this.id = id;
        this.incarnation = incarnation;
        this.deadline = new Deadline(until);
    }

    UUID id() {
        return id;
    }

    long incarnation() {
        return incarnation;
    }

    void renamed(UUID newId) {
        id = newId;
    }

    void resumedIn(long newIncarnation) {
        incarnation = newIncarnation;
    }
}
