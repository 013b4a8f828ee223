package io.latchkey.curator.framework.listen;

import java.util.concurrent.Executor;

/**
 * Something to listen to. Each listener is called one event at a time and in order, and none is dropped; a slow listener delays
 * nobody else. An exception is logged.
 *
 * @param <T> the listener's type
 */
public interface Listenable<T> {
    /**
     * Adds a listener, called on a thread of the client.
     *
     * @param listener the listener
     */
    void addListener(T listener);

    /**
     * Adds a listener, called by this executor.
     *
     * @param listener the listener
     * @param executor runs its calls
     */
    void addListener(T listener, Executor executor);

    /**
     * Removes it. An event already under way still arrives.
     *
     * @param listener the listener
     */
    void removeListener(T listener);
}
