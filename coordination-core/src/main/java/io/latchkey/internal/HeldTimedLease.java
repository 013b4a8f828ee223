package io.latchkey.internal;

import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;

/** A lease with an end of its own. */
final class HeldTimedLease extends AbstractLease implements TimedLease {

    HeldTimedLease(Client client, String lock, long token, long request, long until) {
        super(client, lock, token, request, new Deadline(until));
        watch();
    }

    /** Tells the user when the time is up, unless it was extended meanwhile. */
    private void watch() {
        client.background().after(deadline.remainingNanos(), () -> {
            if (deadline.isLive()) {
                watch();
            } else {
                lose();
            }
        });
    }

    @Override
    public boolean extend(LeaseTime time) {
        return isValid() && client.extend(this, time);
    }

    @Override
    boolean giveBack() {
        return client.giveBack(this);
    }
}
