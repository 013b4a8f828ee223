package io.latchkey.internal;

import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shares a few connections among all threads that call. A thread that finds a connection idle sends its call at once, alone: no
 * hop, no hand-off. If none is idle it queues; the next thread that gets a connection sends its own call and all that queue
 * as one statement (flat combining, Hendler et al. 2010, with a round trip for the lock). A thread serves one batch of
 * others at the most, then the connection goes to the first that still waits.
 *
 * <p>Callers that were answered together call again together. So where there is a crowd a call queues although a connection is idle,
 * and the one that completes an equal share of the crowd sends them all (the idea of {@code commit_delay}). It is awake anyway; the
 * others sleep just once, until they are answered. If the share is not complete in a moment, the first to notice sends what there is,
 * and {@link Gathering} tells for how long nobody is waited for.
 *
 * <p>Thread-safe. No monitor is held while a thread waits or talks to the database.
 */
final class CallCombiner {
    private static final int MAX_BATCH = 64;
    /** Two batches of this size on two connections are as fast as one of both; smaller ones are slower (docs/design-decisions.md). */
    private static final int GOOD_BATCH = 6;
    /** About a round trip on one machine: waiting longer would cost a caller more than a batch saves. */
    private static final long GATHER_NANOS = 100_000;

    private final Supplier<UUID> session;
    private final Runnable onUnknownOutcome;
    private final Sql.Commit commit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Link> idle = new ArrayDeque<>();
    private final Deque<Call> queue = new ArrayDeque<>();
    private final Crowd crowd = new Crowd();
    private final Gathering gathering = new Gathering();
    private final int connections;
    private boolean closed;

    CallCombiner(
            Connector connector,
            int connections,
            Supplier<UUID> session,
            Sql.Commit commit,
            Runnable onUnknownOutcome) {
        this.session = session;
        this.onUnknownOutcome = onUnknownOutcome;
        this.commit = commit;
        this.connections = connections;
        for (int i = 0; i < connections; i++) {
            idle.add(new Link(connector));
        }
    }

    /** Makes a call and returns it answered, or throws what the database said. */
    Reply run(Call call) throws SQLException {
        crowd.enter();
        try {
            return answer(call);
        } finally {
            crowd.leave();
        }
    }

    private Reply answer(Call call) throws SQLException {
        Link link = linkOrQueue(call);
        if (link == null && !call.awaitTurn(GATHER_NANOS)) {
            link = linkOrDue(call);
        }
        if (link == null) {
            call.awaitTurn();
            link = call.link;
        }
        if (!call.isDone() && link != null) {
            lead(link, call);
        }
        if (call.failure != null) {
            throw call.failure;
        } else if (call.reply == null) {
            throw new SQLException("the call was not answered", "08006");
        }
        return call.reply;
    }

    /** A link, if one is idle and this call makes a batch complete: it and all that queue. */
    private @Nullable Link linkOrQueue(Call call) {
        lock.lock();
        try {
            if (!idle.isEmpty() && (call.action != null || isEnough(queue.size() + 1))) {
                return idle.poll();
            }
            queue.add(call);
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** The others did not come: a link if one is idle, otherwise the next. */
    private @Nullable Link linkOrDue(Call call) {
        lock.lock();
        try {
            if (idle.isEmpty()) {
                call.due = true;
                return null;
            } else if (!queue.remove(call)) {
                return null;
            }
            gathering.inVain();
            return idle.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether so many calls need not wait for others; where they were waited for, they have come. */
    private boolean isEnough(int calls) {
        int enough = gathering.isWorthwhile() ? batchSize() : 1;
        if (calls < enough) {
            return false;
        } else if (enough > 1) {
            gathering.complete();
        }
        return true;
    }

    /** How many calls to wait for: an equal share of those that are usually under way, on as many connections as get a good batch. */
    private int batchSize() {
        int usual = crowd.size();
        if (usual <= connections) {
            return 1;
        }
        int shares = Math.min(connections, Math.max(1, usual / GOOD_BATCH));
        return Math.min(usual / shares, MAX_BATCH);
    }

    private void lead(Link link, Call own) {
        crowd.look();
        List<Call> batch = batchOf(own);
        try {
            send(link, batch);
        } finally {
            passOn(link);
            for (Call call : batch) {
                if (call != own) {
                    call.done();
                }
            }
        }
    }

    private List<Call> batchOf(Call own) {
        lock.lock();
        try {
            queue.remove(own);
            gathering.sent();
            if (own.action != null || queue.isEmpty()) {
                return List.of(own);
            }
            List<Call> batch = new ArrayList<>();
            batch.add(own);
            for (Iterator<Call> waiting = queue.iterator(); waiting.hasNext() && batch.size() < MAX_BATCH; ) {
                Call call = waiting.next();
                if (call.action == null) {
                    batch.add(call);
                    waiting.remove();
                }
            }
            batch.sort(Call.BY_NAME);
            return batch;
        } finally {
            lock.unlock();
        }
    }

    /** To the first in the queue if it need not wait for others. */
    private void passOn(Link link) {
        lock.lock();
        try {
            Call next = queue.peek();
            if (next != null && (next.due || next.action != null || closed || isEnough(queue.size()))) {
                queue.remove();
                next.lead(link);
                return;
            }
            if (closed) {
                link.drop();
            }
            idle.push(link);
        } finally {
            lock.unlock();
        }
    }

    private void send(Link link, List<Call> calls) {
        List<Call> batch = calls;
        Sql.Commit how = commit;
        boolean again = true;
        while (true) {
            boolean wasOpen = link.isOpen();
            try {
                link.send(batch, session.get(), how);
                if (how == Sql.Commit.FLUSHED) {
                    link.wakeThoseHandedOverTo(batch);
                }
                return;
            } catch (SQLException e) {
                batch = Call.unanswered(batch);
                if (Fault.isConnectionLost(e)) {
                    drop(link);
                    // Every call may be repeated: an acquisition by its request, a release by its token. A connection
                    // that was
                    // open may just have been the victim of a restart, so one more try with a new one.
                    if (wasOpen && again) {
                        again = false;
                        batch.forEach(call -> call.repeated = true);
                        continue;
                    }
                } else if (Fault.is(e, Fault.NOTIFICATION_QUEUE_FULL) && how == Sql.Commit.UNFLUSHED) {
                    how = Sql.Commit.QUIET;
                    continue;
                } else if (batch.size() > 1) {
                    batch.forEach(call -> send(link, List.of(call)));
                    return;
                }
                batch.forEach(call -> call.failed(e));
                return;
            } catch (RuntimeException e) {
                drop(link);
                Call.unanswered(batch).forEach(call -> call.failed(new SQLException("the driver failed", "08000", e)));
                return;
            }
        }
    }

    /** What was under way on a connection that was open, however new, may still arrive. */
    private void drop(Link link) {
        if (link.isOpen()) {
            link.drop();
            onUnknownOutcome.run();
        }
    }

    /** Closes the connections that are idle; those that are in use close after that. */
    void close() {
        lock.lock();
        try {
            closed = true;
            idle.forEach(Link::drop);
        } finally {
            lock.unlock();
        }
    }
}
