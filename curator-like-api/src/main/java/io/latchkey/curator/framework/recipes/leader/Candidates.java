package io.latchkey.curator.framework.recipes.leader;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.curator.framework.CuratorFramework;
import java.util.Collection;

/** The election at a path. */
final class Candidates {
    private final CuratorFramework client;
    private final String name;

    Candidates(CuratorFramework client, String path) {
        this.client = client;
        this.name = client.lockName(path);
    }

    /** A new candidate. Without an id of its own it goes by the client's name. */
    LeaderElection candidate(Latchkey latchkey, String id) {
        return id.isEmpty() ? latchkey.election(name) : latchkey.election(name, id);
    }

    Collection<Participant> participants() throws InterruptedException {
        return client.retrying(latchkey -> latchkey.election(name).participants().stream()
                .map(Participant::of)
                .toList());
    }

    Participant leader() throws InterruptedException {
        return client.retrying(latchkey ->
                latchkey.election(name).leader().map(Participant::of).orElse(Participant.NONE));
    }
}
