package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** {@link InterProcessSemaphoreV2}. */
public final class SemaphoreScenarios {
    private SemaphoreScenarios() {}

    /** Permits that come and go. */
    public static void permits(Stage stage, Notes notes) throws Exception {
        InterProcessSemaphoreV2 mine = new InterProcessSemaphoreV2(States.started(stage), "/semaphore", 3);
        InterProcessSemaphoreV2 theirs = new InterProcessSemaphoreV2(States.started(stage), "/semaphore", 3);
        mine.setNodeData("mine".getBytes(StandardCharsets.UTF_8));
        Lease one = mine.acquire();
        notes.add("data", new String(one.getData(), StandardCharsets.UTF_8));
        Collection<Lease> two = theirs.acquire(2, 1, TimeUnit.SECONDS);
        notes.add("two", two.size());
        notes.add("participants", theirs.getParticipantNodes().size());
        notes.add("is one of them", theirs.getParticipantNodes().contains(one.getNodeName()));
        notes.add("a fourth", mine.acquire(100, TimeUnit.MILLISECONDS));
        notes.add("several of none", mine.acquire(2, 100, TimeUnit.MILLISECONDS));
        theirs.returnLease(two.iterator().next());
        notes.add("two of one", mine.acquire(2, 300, TimeUnit.MILLISECONDS));
        Lease again = mine.acquire(1, TimeUnit.SECONDS);
        notes.add("one of one, after that", again != null);
        one.close();
        one.close();
        notes.add("closed twice gives one back, the first", mine.acquire(1, TimeUnit.SECONDS) != null);
        notes.add("closed twice gives one back, no second", mine.acquire(100, TimeUnit.MILLISECONDS) != null);
        theirs.returnAll(two);
        notes.add("all", mine.acquire(1, TimeUnit.SECONDS) != null);
        notes.outcome("none", () -> mine.acquire(0));
        notes.outcome("none for a time", () -> mine.acquire(-1, 1, TimeUnit.SECONDS));
        notes.ends("no path", () -> new InterProcessSemaphoreV2(States.started(stage), "semaphore", 1));
    }

    /** One that waits is served when a permit is given back. */
    public static void waiting(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, "/waiting", 1);
        Lease held = semaphore.acquire();
        Future<Lease> waits = stage.elsewhere(() -> semaphore.acquire());
        stage.awaitParticipants("/waiting/leases", 2);
        notes.add("waits", !waits.isDone());
        held.close();
        notes.add("served", waits.get(20, TimeUnit.SECONDS) != null);
    }

    /** Wrong use. */
    public static void closed(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, "/closed", 1);
        client.close();
        notes.outcome("acquire", () -> semaphore.acquire());
    }
}
