package io.latchkey.internal;

/** A lease that lives as long as the client's session. */
final class SessionLease extends AbstractLease {
    private final SessionLife life;

    SessionLease(Client client, String lock, long token, long request, SessionLife life) {
        super(client, lock, token, request, life.deadline);
        this.life = life;
    }

    SessionLife life() {
        return life;
    }

    @Override
    boolean giveBack() {
        return client.giveBack(this);
    }
}
