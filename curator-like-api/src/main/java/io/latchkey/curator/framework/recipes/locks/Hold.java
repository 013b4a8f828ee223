package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import java.util.ArrayList;
import java.util.List;

/** What one thread holds of a lock, and how often it has taken it. Changed by that thread alone. */
final class Hold {
    private final String path;
    private final List<Runnable> lostActions = new ArrayList<>(0);
    private volatile Lease lease;
    private int count = 1;

    Hold(String path, Lease lease) {
        this.path = path;
        this.lease = lease;
    }

    Lease lease() {
        return lease;
    }

    boolean isValid() {
        return lease.isValid();
    }

    /** Takes it once more: not when it is lost, because another may hold it by now. */
    void enterAgain() {
        if (!lease.isValid()) {
            throw leaseLost();
        }
        count++;
    }

    /** Gives it back once; true if that was the last time. */
    boolean leave() {
        return --count == 0;
    }

    void onLost(Runnable action) {
        lostActions.add(action);
        lease.onLost(action);
    }

    /** Goes on with another lease of the same lock. */
    void continueWith(Lease next) {
        lease = next;
        lostActions.forEach(next::onLost);
    }

    IllegalMonitorStateException lost() {
        var lost = new IllegalMonitorStateException("You do not own the lock any more: " + path);
        lost.initCause(leaseLost());
        return lost;
    }

    private LeaseLostException leaseLost() {
        return new LeaseLostException(path, lease.fencingToken(), null, null);
    }
}
