package io.latchkey.curator.framework.state;

/** A leader steps down when the session is in doubt, and not only when it is lost. The default. */
public class StandardConnectionStateErrorPolicy implements ConnectionStateErrorPolicy {
    /** Creates one. */
    public StandardConnectionStateErrorPolicy() {}

    @Override
    public boolean isErrorState(ConnectionState state) {
        return state == ConnectionState.SUSPENDED || state == ConnectionState.LOST;
    }
}
