package io.latchkey.curator.internal;

import io.latchkey.SessionState;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.state.ConnectionState;
import io.latchkey.curator.framework.state.ConnectionStateListener;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The connection's state as Curator's users know it: none before the first connection, then CONNECTED once. */
final class ConnectionStates {
    private final CuratorFramework client;
    private final SerialListeners<ConnectionStateListener> listeners = new SerialListeners<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable ConnectionState current;
    private boolean closed;

    ConnectionStates(CuratorFramework client) {
        this.client = client;
    }

    SerialListeners<ConnectionStateListener> listeners() {
        return listeners;
    }

    void connected() {
        set(ConnectionState.CONNECTED);
    }

    void sessionChanged(SessionState state) {
        set(
                switch (state) {
                    case CONNECTED -> ConnectionState.CONNECTED;
                    case SUSPENDED -> ConnectionState.SUSPENDED;
                    case LOST -> ConnectionState.LOST;
                    case RECONNECTED -> ConnectionState.RECONNECTED;
                });
    }

    private void set(ConnectionState state) {
        lock.lock();
        try {
            if (closed || state == current) {
                return;
            }
            current = state;
            listeners.enqueue(listener -> listener.stateChanged(client, state));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        listeners.deliver();
    }

    /** Waits for so many nanoseconds, or without a limit if negative; false if the time was too short or the client is closed. */
    boolean awaitConnected(long nanos) throws InterruptedException {
        long left = nanos;
        lock.lockInterruptibly();
        try {
            while (!closed && (current == null || !current.isConnected())) {
                if (nanos < 0) {
                    changed.await();
                } else if (left <= 0) {
                    return false;
                } else {
                    left = changed.awaitNanos(left);
                }
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there was a first connection, after waiting for it for this time. */
    boolean awaitFirst(long millis) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lockInterruptibly();
        try {
            while (!closed && current == null) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return current != null;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        listeners.clear();
    }
}
