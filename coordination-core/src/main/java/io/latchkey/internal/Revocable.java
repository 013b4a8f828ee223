package io.latchkey.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What to do when somebody asks for a lease. */
final class Revocable implements Watch {
    private final AbstractLease lease;
    private final Background background;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Runnable> actions = new ArrayList<>(1);
    private boolean asked;

    Revocable(AbstractLease lease, Background background) {
        this.lease = lease;
        this.background = background;
    }

    void then(Runnable action) {
        lock.lock();
        try {
            if (asked) {
                background.callback(action);
            } else {
                actions.add(action);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String name() {
        return lease.lock;
    }

    @Override
    public @Nullable Long token() {
        return lease.token;
    }

    @Override
    public void seen(Sight sight) {
        lock.lock();
        try {
            if (sight.asked() && !asked) {
                asked = true;
                actions.forEach(background::callback);
                actions.clear();
            }
        } finally {
            lock.unlock();
        }
    }
}
