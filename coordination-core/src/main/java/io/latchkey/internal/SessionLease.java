package io.latchkey.internal;

import org.jspecify.annotations.Nullable;

/** A lease that lives as long as the client's session. */
class SessionLease extends AbstractLease {
    private final SessionLife life;
    final Mode mode;
    /** The thread that waited for it, or null if none did. */
    final @Nullable Thread thread;
    /** Whether that thread has got it. Guarded by the lock of {@link Leases}. */
    boolean isTaken;

    SessionLease(
            Client client,
            String lock,
            long token,
            long request,
            SessionLife life,
            Mode mode,
            @Nullable Thread thread) {
        super(client, lock, token, request, life.deadline);
        this.life = life;
        this.mode = mode;
        this.thread = thread;
    }

    final SessionLife life() {
        return life;
    }

    /** Gives it back in the database. */
    Call releaseCall() {
        return Call.of(Call.Kind.RELEASE, lock, token, mode);
    }

    @Override
    final void beginGivingBack() {
        client.beginGivingBack(request);
    }

    @Override
    final boolean giveBack() {
        return client.giveBack(this);
    }
}
