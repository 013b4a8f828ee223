package io.latchkey.benchmarks.peers;

/** One client of a peer, as on a host of its own: with its own connections, session and threads. Thread-safe. */
public interface LockClient extends AutoCloseable {
    /** Waits for a lock and takes it. The thread that took it gives it back. */
    Held lock(String name) throws Exception;

    /** A lock that is held. */
    @FunctionalInterface
    interface Held {
        /** Gives it back. */
        void unlock() throws Exception;
    }

    /**
     * Stands for election. Without a recipe of the peer's own: a thread that waits for the lock of that name.
     *
     * @param elected told once, as soon as this candidate leads
     * @return closing it gives the leadership up
     */
    default AutoCloseable stand(String election, Runnable elected) throws Exception {
        return LockHolder.start(this, election, elected);
    }

    @Override
    void close() throws Exception;
}
