package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.internal.Paths;
import java.util.OptionalLong;

/** Asks the holder of a lock to give it up. */
public class Revoker {
    private Revoker() {}

    /**
     * Asks a holder to release its lock, which is up to the holder. Does nothing if it does not hold the lock any more, or has not
     * made it revocable.
     *
     * @param client the client
     * @param path from {@link InterProcessMutex#getParticipantNodes()}
     * @throws Exception if the database cannot be reached
     */
    public static void attemptRevoke(CuratorFramework client, String path) throws Exception {
        OptionalLong token = Nodes.token(Paths.checked(path));
        String name = client.lockName(Nodes.lockPath(path));
        if (token.isPresent()) {
            var unused = client.retrying(latchkey -> latchkey.lock(name).requestRevocation(token.getAsLong()));
        }
    }
}
