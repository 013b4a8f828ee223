package io.latchkey.curator.framework.state;

import io.latchkey.curator.framework.CuratorFramework;

/** Told of each change of the connection's state; see {@link io.latchkey.curator.framework.listen.Listenable} for how. */
@FunctionalInterface
public interface ConnectionStateListener {
    /**
     * The state has changed.
     *
     * @param client the client
     * @param newState the new state
     */
    void stateChanged(CuratorFramework client, ConnectionState newState);

    /** Of no meaning here: there is no proxy, because no event is ever dropped. */
    default boolean doNotProxy() {
        return false;
    }
}
