package io.latchkey.internal;

import io.latchkey.SessionListener;
import io.latchkey.SessionState;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** The session's state, and those who want to hear of it: each on its own, one event at a time, in order, none dropped. */
final class StateListeners {
    private final Background background;
    private final ConcurrentHashMap<SessionListener, Mailbox> mailboxes = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile SessionState state = SessionState.CONNECTED;

    StateListeners(Background background) {
        this.background = background;
    }

    SessionState state() {
        return state;
    }

    void add(SessionListener listener) {
        mailboxes.computeIfAbsent(listener, Mailbox::new);
    }

    void remove(SessionListener listener) {
        mailboxes.remove(listener);
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
                mailboxes.values().forEach(mailbox -> mailbox.post(to));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Serial delivery to one listener. */
    private final class Mailbox {
        private final SessionListener listener;
        private final ReentrantLock mailLock = new ReentrantLock();
        private final Queue<SessionState> mail = new ArrayDeque<>();
        private boolean delivering;

        Mailbox(SessionListener listener) {
            this.listener = listener;
        }

        void post(SessionState event) {
            mailLock.lock();
            try {
                mail.add(event);
                if (!delivering) {
                    delivering = true;
                    background.callback(this::deliver);
                }
            } finally {
                mailLock.unlock();
            }
        }

        private void deliver() {
            SessionState event = next();
            if (event == null) {
                return;
            }
            try {
                listener.stateChanged(event);
            } finally {
                background.callback(this::deliver);
            }
        }

        private @org.jspecify.annotations.Nullable SessionState next() {
            mailLock.lock();
            try {
                SessionState event = mail.poll();
                delivering = event != null;
                return event;
            } finally {
                mailLock.unlock();
            }
        }
    }
}
