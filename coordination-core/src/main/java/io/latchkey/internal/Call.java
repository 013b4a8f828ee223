package io.latchkey.internal;

import java.sql.SQLException;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One call to the database, from the thread that makes it to the one that sends it. Used once. */
final class Call {
    /** What is asked; the words are those of {@code latchkey.run_batch}. */
    enum Kind {
        TRY,
        ACQUIRE,
        RELEASE,
        WITHDRAW,
        /** Something that has a statement of its own, and shares it with nobody. */
        ALONE;

        final String word = name().toLowerCase(java.util.Locale.ROOT);
    }

    /** A call that has a statement of its own. */
    @FunctionalInterface
    interface Action {
        Reply run(Link link) throws SQLException;
    }

    final Kind kind;
    final String name;
    /** The request of an acquisition, the token of a release. */
    final long number;

    final @Nullable Action action;
    private final Thread caller = Thread.currentThread();

    /** The session it was sent for. Written before {@link #state}, like all below. */
    @Nullable
    UUID session;

    /** Whether it was sent again because the connection broke: the first time may have taken effect. */
    boolean repeated;

    @Nullable
    Reply reply;

    @Nullable
    SQLException failure;

    @Nullable
    Link link;

    private volatile State state = State.QUEUED;

    private enum State {
        QUEUED,
        /** It was given a connection, and its thread has to send it with others. */
        LEADS,
        DONE
    }

    private Call(Kind kind, String name, long number, @Nullable Action action) {
        this.kind = kind;
        this.name = name;
        this.number = number;
        this.action = action;
    }

    static Call of(Kind kind, String name, long number) {
        return new Call(kind, name, number, null);
    }

    static Call alone(String name, Action action) {
        return new Call(Kind.ALONE, name, 0, action);
    }

    void answered(Reply reply, UUID session) {
        this.reply = reply;
        this.session = session;
        this.failure = null;
    }

    void failed(SQLException failure) {
        this.failure = failure;
    }

    boolean isDone() {
        return state == State.DONE;
    }

    void done() {
        state = State.DONE;
        LockSupport.unpark(caller);
    }

    void lead(Link link) {
        this.link = link;
        state = State.LEADS;
        LockSupport.unpark(caller);
    }

    /** Waits until it is done or leads. Not interruptible: what was sent has to be heard; the interrupt is kept. */
    void awaitTurn() {
        boolean interrupted = false;
        while (state == State.QUEUED) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            caller.interrupt();
        }
    }
}
