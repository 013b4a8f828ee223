package io.latchkey.curator.framework.recipes.locks;

import java.util.concurrent.Executor;

/** Who is told that somebody wants a lock, and on which thread. */
record Revocation(RevocationListener<InterProcessMutex> listener, Executor executor) {
    void requested(InterProcessMutex lock) {
        executor.execute(() -> listener.revocationRequested(lock));
    }
}
