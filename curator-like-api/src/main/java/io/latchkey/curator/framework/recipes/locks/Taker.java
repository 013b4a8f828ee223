package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.Lockable;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.api.CuratorClosedException;
import io.latchkey.curator.framework.imps.CuratorFrameworkState;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Takes leases through a client, with Curator's ideas of time and of a client that is closed meanwhile. */
final class Taker {
    private final CuratorFramework client;
    private final Function<Latchkey, Lockable> what;

    Taker(CuratorFramework client, Function<Latchkey, Lockable> what) {
        this.client = client;
        this.what = what;
    }

    Lease take() throws InterruptedException {
        Lockable lock = what.apply(client.latchkey());
        try {
            return lock.acquire();
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    /** Without a unit: without a limit. */
    Optional<Lease> take(long time, @Nullable TimeUnit unit) throws InterruptedException {
        if (unit == null) {
            return Optional.of(take());
        }
        long deadline = System.nanoTime() + unit.toNanos(time);
        try {
            if (time <= 0) {
                return client.retrying(latchkey -> what.apply(latchkey).tryAcquire());
            }
            Lockable lock = what.apply(client.latchkey());
            return lock.tryAcquire(Duration.ofNanos(deadline - System.nanoTime()));
        } catch (IllegalStateException e) {
            throw closedMeanwhile(e);
        }
    }

    private IllegalStateException closedMeanwhile(IllegalStateException e) {
        return isClosed() ? new CuratorClosedException() : e;
    }

    /** What to say of a lease that was not there any more when it was released. */
    RuntimeException notHeld(RuntimeException lost) {
        return isClosed() ? new CuratorClosedException() : lost;
    }

    private boolean isClosed() {
        return client.getState() == CuratorFrameworkState.STOPPED;
    }
}
