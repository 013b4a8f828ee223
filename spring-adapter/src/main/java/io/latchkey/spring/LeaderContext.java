package io.latchkey.spring;

import io.latchkey.LeaseLostException;
import java.sql.Connection;
import org.springframework.integration.leader.Context;

/**
 * The context of one term of a {@link LatchkeyLeaderInitiator}: what its candidate and its events carry. Each term has its own,
 * which never leads again once it is over. Thread-safe.
 */
public interface LeaderContext extends Context {
    /** The number of this term: higher than that of every earlier leader of this role. A fencing token. */
    long term();

    /** Whether this term goes on and its local deadline has not passed. Costs nanoseconds; ask each time. */
    @Override
    boolean isLeader();

    /**
     * Keeps everybody else from being elected until the transaction of this connection ends. See {@link io.latchkey.Lease#fence}.
     *
     * @param connection in a transaction of the database of the locks
     * @throws LeaseLostException if this term is over: roll back
     */
    void fence(Connection connection);

    /** Ends this term and goes to the end of the queue. Returns at once; {@code onRevoked} follows. */
    @Override
    void yield();
}
