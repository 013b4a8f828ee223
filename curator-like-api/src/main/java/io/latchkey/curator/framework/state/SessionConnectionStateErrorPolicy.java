package io.latchkey.curator.framework.state;

/** A leader steps down when the session is lost, and not before: it stays leader over a short outage. */
public class SessionConnectionStateErrorPolicy implements ConnectionStateErrorPolicy {
    /** Creates one. */
    public SessionConnectionStateErrorPolicy() {}

    @Override
    public boolean isErrorState(ConnectionState state) {
        return state == ConnectionState.LOST;
    }
}
