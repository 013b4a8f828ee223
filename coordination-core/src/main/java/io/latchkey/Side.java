package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Mode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A name and a way to take it. */
record Side(Client client, String name, Mode mode) implements Lockable {
    @Override
    public Lease acquire() throws InterruptedException {
        return client.acquire(name, mode);
    }

    @Override
    public Optional<Lease> tryAcquire() {
        return client.tryAcquire(name, mode);
    }

    @Override
    public Optional<Lease> tryAcquire(Duration wait) throws InterruptedException {
        return client.tryAcquire(name, mode, wait);
    }

    @Override
    public CompletableFuture<Lease> acquireAsync() {
        return client.acquireAsync(name, mode);
    }

    @Override
    public boolean requestRevocation() {
        return client.requestRevocation(name, null);
    }

    @Override
    public boolean requestRevocation(long fencingToken) {
        return client.requestRevocation(name, fencingToken);
    }

    @Override
    public String toString() {
        return mode + " of " + name;
    }
}
