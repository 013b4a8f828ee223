package io.latchkey.internal;

import io.latchkey.SessionListener;
import io.latchkey.SessionState;
import java.util.concurrent.locks.ReentrantLock;

/** The session's state, and those who want to hear of it. */
final class StateListeners {
    private final Listeners<SessionListener> listeners;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile SessionState state = SessionState.CONNECTED;

    StateListeners(Background background) {
        this.listeners = new Listeners<>(background);
    }

    SessionState state() {
        return state;
    }

    void add(SessionListener listener) {
        listeners.add(listener);
    }

    void remove(SessionListener listener) {
        listeners.remove(listener);
    }

    /** CONNECTED or RECONNECTED, to SUSPENDED. */
    void overdue() {
        change(SessionState.SUSPENDED, state != SessionState.SUSPENDED && state != SessionState.LOST);
    }

    void lost() {
        change(SessionState.LOST, state != SessionState.LOST);
    }

    /** SUSPENDED or LOST, to RECONNECTED. */
    void renewed() {
        if (state == SessionState.SUSPENDED || state == SessionState.LOST) {
            change(SessionState.RECONNECTED, true);
        }
    }

    private void change(SessionState to, boolean meantIt) {
        if (!meantIt) {
            return;
        }
        lock.lock();
        try {
            if (state != to) {
                state = to;
                listeners.tell(listener -> listener.stateChanged(to));
            }
        } finally {
            lock.unlock();
        }
    }
}
