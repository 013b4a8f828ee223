package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.recipes.leader.Participant;
import org.apache.curator.framework.state.ConnectionState;

/** {@link LeaderLatch}. */
public final class LatchScenarios {
    private LatchScenarios() {}

    /** What a listener heard. */
    private static final class Heard implements LeaderLatchListener {
        private final List<String> words = new CopyOnWriteArrayList<>();

        List<String> words() {
            return words;
        }

        @Override
        public void isLeader() {
            words.add("leads");
        }

        @Override
        public void notLeader() {
            words.add("leads not");
        }

        void await(int count) {
            Stage.eventually(() -> words.size() == count);
        }
    }

    /** From latent to closed, with what is wrong on the way. */
    public static void life(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        LeaderLatch latch = new LeaderLatch(client, "/latch", "me");
        notes.add("at first", latch.getState());
        notes.add("id", latch.getId());
        notes.add("leads at first", latch.hasLeadership());
        notes.ends("await, not started", () -> latch.await());
        notes.add("await for a time, not started", latch.await(10, TimeUnit.MILLISECONDS));
        notes.message("no leader", () -> notes.add("leader of none", latch.getLeader()));
        notes.ends("close, not started", () -> latch.close());
        latch.start();
        notes.ends("started twice", () -> latch.start());
        latch.await();
        notes.add("started", latch.getState());
        notes.add("leads", latch.hasLeadership());
        notes.add("await for a time", latch.await(0, TimeUnit.SECONDS));
        notes.add("leader", latch.getLeader());
        notes.add("participants", List.copyOf(latch.getParticipants()));
        latch.close();
        notes.add("closed", latch.getState());
        notes.add("leads, closed", latch.hasLeadership());
        notes.ends("await, closed", () -> latch.await());
        notes.add("await for a time, closed", latch.await(10, TimeUnit.MILLISECONDS));
        notes.ends("close, closed", () -> latch.close());
        notes.ends("start, closed", () -> latch.start());
        notes.ends("no path", () -> new LeaderLatch(client, "latch"));
        notes.ends("no client", () -> new LeaderLatch(null, "/latch"));
        notes.ends("no id", () -> new LeaderLatch(client, "/latch", null));
    }

    /** Who leads when. */
    public static void order(Stage stage, Notes notes) throws Exception {
        List<LeaderLatch> latches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            LeaderLatch latch = new LeaderLatch(States.started(stage), "/order", "latch " + i);
            latches.add(latch);
            latch.start();
            stage.awaitParticipants("/order", i + 1);
        }
        latches.get(0).await();
        notes.add("participants", List.copyOf(latches.get(3).getParticipants()));
        notes.add("leaders", latches.stream().map(LeaderLatch::hasLeadership).toList());
        List<String> order = new ArrayList<>();
        latches.get(2).close();
        for (int i : List.of(0, 1, 3)) {
            latches.get(i).await();
            order.add(latches.get(i).getLeader().getId());
            latches.get(i).close();
        }
        notes.add("order", order);
    }

    /** What listeners hear at the end. */
    public static void closeModes(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        for (LeaderLatch.CloseMode mode : LeaderLatch.CloseMode.values()) {
            for (boolean given : List.of(true, false)) {
                LeaderLatch latch =
                        given ? new LeaderLatch(client, "/modes", "") : new LeaderLatch(client, "/modes", "", mode);
                Heard heard = new Heard();
                latch.addListener(heard);
                latch.start();
                latch.await();
                heard.await(1);
                if (given) {
                    latch.close(mode);
                } else {
                    latch.close();
                }
                heard.await(mode == LeaderLatch.CloseMode.SILENT ? 1 : 2);
                notes.add(mode + (given ? " to close()" : " to the constructor"), List.copyOf(heard.words()));
            }
        }
        LeaderLatch waiting = new LeaderLatch(client, "/modes", "", LeaderLatch.CloseMode.NOTIFY_LEADER);
        LeaderLatch leader = new LeaderLatch(client, "/modes", "", LeaderLatch.CloseMode.NOTIFY_LEADER);
        leader.start();
        leader.await();
        Heard heard = new Heard();
        waiting.addListener(heard);
        waiting.start();
        stage.awaitParticipants("/modes", 2);
        waiting.close();
        notes.add("one that never led", List.copyOf(heard.words()));
    }

    /** Listeners that come late, go early, or are slow. */
    public static void listeners(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        LeaderLatch latch = new LeaderLatch(client, "/listeners", "", LeaderLatch.CloseMode.NOTIFY_LEADER);
        Heard early = new Heard();
        Heard removed = new Heard();
        latch.addListener(early);
        latch.addListener(removed);
        latch.removeListener(removed);
        latch.start();
        latch.await();
        early.await(1);
        Heard late = new Heard();
        latch.addListener(late);
        Thread.sleep(200); // what is to be seen here is that nothing comes
        notes.add("late", List.copyOf(late.words()));
        CountDownLatch end = new CountDownLatch(1);
        LeaderLatch slow = new LeaderLatch(client, "/slow", "");
        slow.addListener(new LeaderLatchListener() {
            @Override
            public void isLeader() {
                try {
                    end.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public void notLeader() {}
        });
        slow.start();
        Future<Boolean> awaited = stage.elsewhere(() -> slow.await(2, TimeUnit.SECONDS));
        Thread.sleep(1_000);
        notes.add("waits for a slow listener", !awaited.isDone());
        end.countDown();
        awaited.get();
        latch.close();
        early.await(2);
        notes.add("early", List.copyOf(early.words()));
        notes.add("removed", List.copyOf(removed.words()));
    }

    /** A client that is started after its latch. */
    public static void lateClient(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = stage.client(CuratorFramework.class);
        LeaderLatch latch = new LeaderLatch(client, "/late", "me");
        latch.start();
        notes.add("started before its client", latch.await(50, TimeUnit.MILLISECONDS));
        client.start();
        notes.add("and after", latch.await(20, TimeUnit.SECONDS));
        notes.add("leader", latch.getLeader());
    }

    /** The session is in doubt, and then in order. */
    public static void suspension(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        States states = States.of(client);
        LeaderLatch latch = new LeaderLatch(client, "/suspension", "me");
        Heard heard = new Heard();
        latch.addListener(heard);
        latch.start();
        latch.await();
        heard.await(1);
        stage.connected(client, false);
        states.await(ConnectionState.SUSPENDED);
        heard.await(2);
        notes.add("lost by then", states.seen().contains(ConnectionState.LOST));
        notes.add("leads", latch.hasLeadership());
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        latch.await();
        heard.await(3);
        notes.add("leads again", latch.hasLeadership());
        notes.add("heard", List.copyOf(heard.words()));
    }

    /** The session ends while it leads. */
    public static void loss(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        States states = States.of(client);
        LeaderLatch latch = new LeaderLatch(client, "/loss", "first");
        LeaderLatch next = new LeaderLatch(other, "/loss", "second");
        Heard heard = new Heard();
        latch.addListener(heard);
        latch.start();
        latch.await();
        next.start();
        stage.awaitParticipants("/loss", 2);
        stage.connected(client, false);
        states.await(ConnectionState.LOST);
        next.await();
        notes.add("the first leads", latch.hasLeadership());
        heard.await(2);
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        Stage.eventually(() -> latch.getParticipants().size() == 2);
        notes.add(
                "participants",
                latch.getParticipants().stream().map(Participant::getId).toList());
        next.close();
        latch.await();
        heard.await(3);
        notes.add("heard", List.copyOf(heard.words()));
    }

    /** The client is closed by somebody else. */
    public static void closing(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        LeaderLatch latch = new LeaderLatch(client, "/closing", "me");
        latch.start();
        latch.await();
        client.close();
        notes.add("leads", latch.hasLeadership());
        notes.add("state", latch.getState());
        notes.ends("participants", () -> latch.getParticipants());
        notes.ends("close", () -> latch.close());
    }
}
