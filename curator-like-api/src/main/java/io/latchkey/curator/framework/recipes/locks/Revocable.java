package io.latchkey.curator.framework.recipes.locks;

import java.util.concurrent.Executor;

/**
 * Something that one can ask its holder for.
 *
 * @param <T> what is held
 */
public interface Revocable<T> {
    /**
     * Lets others ask for what is acquired from now on. The listener is called on a thread of the client.
     *
     * @param listener told of requests
     */
    void makeRevocable(RevocationListener<T> listener);

    /**
     * Lets others ask for what is acquired from now on.
     *
     * @param listener told of requests
     * @param executor runs its calls
     */
    void makeRevocable(RevocationListener<T> listener, Executor executor);
}
