package io.latchkey.curator.framework.recipes.locks;

/**
 * Told that somebody wants what is held.
 *
 * @param <T> what is held
 */
@FunctionalInterface
public interface RevocationListener<T> {
    /**
     * Somebody asked for it with {@link Revoker}. Whether and when to release it is up to the holder: the thread that acquired
     * it.
     *
     * @param forLock what is asked for
     */
    void revocationRequested(T forLock);
}
