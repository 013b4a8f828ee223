package io.latchkey.spring;

import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import org.jspecify.annotations.Nullable;

/** One thread's hold of a lock. Only that thread changes it; others may ask for the lease. */
final class Hold {
    /** The registry keeps its holds, and so the locks that are held. */
    final RegistryLock lock;

    final Lease lease;
    private @Nullable LeaseTime time;
    private int count = 1;
    private boolean lossIsKnown;

    Hold(RegistryLock lock, Lease lease, @Nullable LeaseTime time) {
        this.lock = lock;
        this.lease = lease;
        this.time = time;
    }

    /**
     * Looks whether the lock is still held, and prolongs a lease that nobody else prolongs.
     *
     * @param newTime for how long from now on; null: for as long as the last time
     */
    boolean renew(@Nullable LeaseTime newTime) {
        if (!(lease instanceof TimedLease timed)) {
            return lease.isValid();
        }
        if (newTime != null) {
            time = newTime;
        }
        return time != null && timed.extend(time);
    }

    void enter() {
        count++;
    }

    /** True if that was the last time. */
    boolean leave() {
        return --count == 0;
    }

    /** True the first time the thread hears that it has lost the lock. */
    boolean isNewLoss() {
        boolean isNew = !lossIsKnown;
        lossIsKnown = true;
        return isNew;
    }
}
