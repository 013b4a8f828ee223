package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.Revoker;

/** Asking a holder to give up. */
public final class RevocationScenarios {
    private RevocationScenarios() {}

    /** A holder that gives up, and one that does not care. */
    public static void revocation(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        InterProcessMutex mine = new InterProcessMutex(client, "/revoked");
        InterProcessMutex theirs = new InterProcessMutex(other, "/revoked");
        notes.add("participants of none", List.copyOf(mine.getParticipantNodes()));
        CountDownLatch asked = new CountDownLatch(1);
        mine.makeRevocable(lock -> {
            notes.add("of this object", lock == mine);
            asked.countDown();
        });
        mine.acquire();
        List<String> nodes = List.copyOf(theirs.getParticipantNodes());
        notes.add("participants", nodes.size());
        notes.add("below the path", nodes.get(0).startsWith("/revoked/"));
        Revoker.attemptRevoke(other, nodes.get(0));
        notes.add("asked", asked.await(20, TimeUnit.SECONDS));
        notes.add("still held", mine.isAcquiredInThisProcess());
        mine.release();
        notes.ends("of one that has gone", () -> Revoker.attemptRevoke(other, nodes.get(0)));
        InterProcessMutex next = new InterProcessMutex(other, "/revoked");
        CountDownLatch askedNext = new CountDownLatch(1);
        next.makeRevocable(lock -> askedNext.countDown());
        next.acquire();
        Revoker.attemptRevoke(client, nodes.get(0));
        notes.add("the next holder, by the name of the one before", askedNext.await(500, TimeUnit.MILLISECONDS));
        Revoker.attemptRevoke(client, next.getParticipantNodes().iterator().next());
        notes.add("the next holder, by its own", askedNext.await(20, TimeUnit.SECONDS));
        next.release();
        notes.add("free", theirs.acquire(1, TimeUnit.SECONDS));
        String node = theirs.getParticipantNodes().iterator().next();
        notes.ends("of one that does not listen", () -> Revoker.attemptRevoke(client, node));
        notes.add("theirs", theirs.isAcquiredInThisProcess());
        notes.ends("no path", () -> Revoker.attemptRevoke(client, "revoked"));
    }
}
