package io.latchkey.spring;

import io.latchkey.DistributedLock;
import io.latchkey.Lease;
import java.lang.System.Logger.Level;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One role that this application stands for, without a thread: it waits in the database's queue, and again when it has lost the
 * office. It is given up only when nobody works in it any more. Thread-safe.
 */
final class Office {
    private static final System.Logger LOG = System.getLogger("io.latchkey.spring");

    private final DistributedLock lock;
    private final ReentrantLock state = new ReentrantLock();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private boolean closing;
    private int working;
    private @Nullable CompletableFuture<Lease> candidacy;
    private @Nullable Lease lease;

    Office(DistributedLock lock) {
        this.lock = lock;
    }

    void stand() {
        CompletableFuture<Lease> next;
        state.lock();
        try {
            if (closing) {
                return;
            }
            lease = null;
            next = lock.acquireAsync();
            candidacy = next;
        } finally {
            state.unlock();
        }
        var unused = next.whenComplete(this::decided);
    }

    private void decided(@Nullable Lease granted, @Nullable Throwable failure) {
        if (granted != null) {
            state.lock();
            try {
                lease = granted;
            } finally {
                state.unlock();
            }
            granted.onLost(this::stand);
            closeIfDone();
        } else if (failure instanceof IllegalStateException) { // cancelled here, or the client was closed
            LOG.log(Level.DEBUG, "nobody here stands for '" + lock.name() + "' any more", failure);
        } else {
            LOG.log(Level.WARNING, "waiting to lead '" + lock.name() + "' failed, to be tried again", failure);
            CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(this::stand);
        }
    }

    /** Goes to work, if this application leads: then every call needs a {@link #leave()}. */
    @Nullable
    Lease enter() {
        state.lock();
        try {
            Lease current = lease;
            if (closing || current == null || !current.isValid()) {
                return null;
            }
            working++;
            return current;
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
            if (candidacy != null) {
                candidacy.cancel(true); // nothing, if it was successful
            }
        } finally {
            state.unlock();
        }
        closeIfDone();
        return closed;
    }

    private void closeIfDone() {
        Lease last;
        state.lock();
        try {
            if (!closing || working > 0) {
                return;
            }
            last = lease;
            lease = null;
        } finally {
            state.unlock();
        }
        if (last != null) {
            last.release();
        }
        closed.complete(null);
    }
}
