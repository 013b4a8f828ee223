package io.latchkey.curator.framework.state;

/** Which states make a leader step down. */
@FunctionalInterface
public interface ConnectionStateErrorPolicy {
    /**
     * Whether a leader steps down in this state.
     *
     * @param state the state
     */
    boolean isErrorState(ConnectionState state);
}
