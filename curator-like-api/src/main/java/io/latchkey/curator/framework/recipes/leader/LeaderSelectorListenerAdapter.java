package io.latchkey.curator.framework.recipes.leader;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.state.ConnectionState;

/** Cancels the leadership when the connection is in a state that the client's error policy calls an error. */
public abstract class LeaderSelectorListenerAdapter implements LeaderSelectorListener {
    /** Creates one. */
    public LeaderSelectorListenerAdapter() {}

    @Override
    public void stateChanged(CuratorFramework client, ConnectionState newState) {
        if (client.getConnectionStateErrorPolicy().isErrorState(newState)) {
            throw new CancelLeadershipException();
        }
    }
}
