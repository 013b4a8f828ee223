package io.latchkey;

/**
 * Somebody who holds a lock, or waits for it, as everybody sees it.
 *
 * @param holder the public name of its client
 * @param fencingToken of what it holds, or 0 if it waits
 * @param isShared whether it goes together with others: a reader, or permits of a semaphore
 */
public record Contender(String holder, long fencingToken, boolean isShared) {
    /** Whether it held the lock when the database was asked. */
    public boolean isHolder() {
        return fencingToken != 0;
    }
}
