package io.latchkey.internal;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
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
        /** A write lease becomes a read lease. */
        DOWNGRADE,
        /** A read lease becomes the write lease. */
        UPGRADE,
        /** Something that has a statement of its own, and shares it with nobody. */
        ALONE;

        final String word = name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The order of a batch, so that two never wait for each other in a circle. */
    static final Comparator<Call> BY_NAME = Comparator.comparing(call -> call.name, Name.IN_ORDER_OF_BYTES);

    /** A call that has a statement of its own. */
    @FunctionalInterface
    interface Action {
        Reply run(Link link) throws SQLException;
    }

    /** One whose statement names the session, and may notify. */
    @FunctionalInterface
    interface SessionAction {
        Reply run(Link link, UUID session, Sql.Commit commit) throws SQLException;
    }

    final Kind kind;
    final String name;
    /** The request of an acquisition, the token of a release or a conversion. */
    final long number;

    final Mode mode;
    /** What a batch calls it. */
    final String word;

    final @Nullable SessionAction action;
    private final Thread caller = Thread.currentThread();

    /** The session it was sent for. Written before {@link #state}, like all below. */
    @Nullable
    UUID session;

    /** Whether it was sent again because the connection broke: the first time may have taken effect. */
    boolean repeated;

    /** Others want the lock of this release too, most likely. Written by the caller. */
    boolean wanted;

    /** It has waited long enough for others to share a statement with. Guarded by the queue's lock. */
    boolean due;

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

    private Call(Kind kind, String name, long number, Mode mode, String word, @Nullable SessionAction action) {
        this.kind = kind;
        this.name = name;
        this.number = number;
        this.mode = mode;
        this.word = word;
        this.action = action;
    }

    static Call of(Kind kind, String name, long number, Mode mode) {
        return new Call(kind, name, number, mode, mode.word(kind), null);
    }

    /** Makes a lease with this token another one, whose request this is. */
    static Call convert(Kind kind, String name, long token, long request) {
        return new Call(kind, name, token, Mode.EXCLUSIVE, kind.word + " " + request, null);
    }

    static Call alone(String name, Action action) {
        return inSession(name, (link, session, commit) -> action.run(link));
    }

    static Call inSession(String name, SessionAction action) {
        return new Call(Kind.ALONE, name, 0, Mode.EXCLUSIVE, Kind.ALONE.word, action);
    }

    void answered(Reply reply, UUID session) {
        this.reply = reply;
        this.session = session;
        this.failure = null;
    }

    void failed(SQLException failure) {
        this.failure = failure;
    }

    /** Whether it is always sent as part of a batch, be it of one: it is rare, and has no statement of its own. */
    boolean isForBatch() {
        return kind == Kind.DOWNGRADE || kind == Kind.UPGRADE;
    }

    /** Whether it may be done together with others at once, if nobody else wants the lock. */
    boolean isSimple() {
        return !mode.isShared() && !wanted && (isAcquisition() || kind == Kind.RELEASE);
    }

    /** Whether its number is that of a request. */
    boolean isAcquisition() {
        return kind == Kind.TRY || kind == Kind.ACQUIRE;
    }

    /** A batch is two statements at times, and the second may fail when the first has done its part. */
    static List<Call> unanswered(List<Call> calls) {
        return calls.stream().filter(call -> call.reply == null).toList();
    }

    /**
     * Whether somebody else may have been granted something by it: also where it leaves the queue, and those behind it go together
     * with the holders.
     */
    boolean mayHaveHandedOver() {
        return kind == Kind.DOWNGRADE || kind == Kind.WITHDRAW || (reply != null && reply.mayHaveHandedOver());
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
        awaitTurn(Long.MAX_VALUE);
    }

    /** The same for a while; false if it still queues. */
    boolean awaitTurn(long nanos) {
        long start = System.nanoTime();
        boolean interrupted = false;
        while (state == State.QUEUED) {
            long left = nanos - (System.nanoTime() - start);
            if (left <= 0) {
                break;
            }
            LockSupport.parkNanos(this, left);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            caller.interrupt();
        }
        return state != State.QUEUED;
    }
}
