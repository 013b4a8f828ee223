package io.latchkey.curator.framework.recipes.leader;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.state.ConnectionStateListener;

/**
 * Leads. When the state of the connection is in error it throws {@link CancelLeadershipException} from {@link #stateChanged}, as
 * {@link LeaderSelectorListenerAdapter} does.
 */
public interface LeaderSelectorListener extends ConnectionStateListener {
    /**
     * Called when this instance leads, on a thread of the selector; it leads until this returns.
     *
     * @param client the client
     * @throws Exception is logged, and ends the leadership; {@link InterruptedException} is what a cancelled leader throws
     */
    void takeLeadership(CuratorFramework client) throws Exception;
}
