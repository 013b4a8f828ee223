package io.latchkey.spring;

import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Lease;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One role that this application stands for, without a thread: a candidate of its election, again when it has lost the office. It
 * is given up only when nobody works in it any more. Thread-safe.
 */
final class Office {
    private final LeaderElection election;
    private final ReentrantLock state = new ReentrantLock();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private boolean closing;
    private int working;

    Office(LeaderElection election) {
        this.election = election;
    }

    void stand() {
        election.campaign();
    }

    /** Goes to work, if this application leads: then every call needs a {@link #leave()}. */
    @Nullable
    Lease enter() {
        state.lock();
        try {
            Leadership term = closing ? null : election.leadership().orElse(null);
            if (term == null) {
                return null;
            }
            working++;
            return new LeaseOfOffice(term);
        } finally {
            state.unlock();
        }
    }

    void leave() {
        state.lock();
        try {
            working--;
        } finally {
            state.unlock();
        }
        closeIfDone();
    }

    /** Lets nobody in any more, and gives the office up when all have left. */
    CompletableFuture<Void> close() {
        state.lock();
        try {
            closing = true;
        } finally {
            state.unlock();
        }
        closeIfDone();
        return closed;
    }

    private void closeIfDone() {
        boolean isDone;
        boolean givesUp;
        state.lock();
        try {
            isDone = closing && working == 0;
            // Who works there after the office was lost keeps no one from it
            givesUp = isDone || (closing && !election.isLeader());
        } finally {
            state.unlock();
        }
        if (givesUp) {
            election.close();
        }
        if (isDone) {
            closed.complete(null);
        }
    }
}
