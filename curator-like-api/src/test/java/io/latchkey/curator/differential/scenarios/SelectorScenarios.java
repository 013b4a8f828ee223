package io.latchkey.curator.differential.scenarios;

import io.latchkey.curator.differential.Notes;
import io.latchkey.curator.differential.Stage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.state.ConnectionState;

/** {@link LeaderSelector}. */
public final class SelectorScenarios {
    private SelectorScenarios() {}

    /** Leads until it is told to stop, and says how it ended. */
    private static final class Leader extends LeaderSelectorListenerAdapter {
        private final CountDownLatch end = new CountDownLatch(1);
        private final CountDownLatch leads = new CountDownLatch(1);
        private final BlockingQueue<String> ended = new LinkedBlockingQueue<>();

        @Override
        public void takeLeadership(CuratorFramework client) throws InterruptedException {
            leads.countDown();
            try {
                end.await();
                ended.add("returned");
            } catch (InterruptedException e) {
                ended.add("interrupted");
                throw e;
            }
        }

        String ended() throws InterruptedException {
            return String.valueOf(ended.poll(20, TimeUnit.SECONDS));
        }
    }

    /** From latent to closed, with what is wrong on the way. */
    public static void life(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        Leader leader = new Leader();
        LeaderSelector selector = new LeaderSelector(client, "/selector", leader);
        selector.setId("me");
        notes.add("id", selector.getId());
        notes.ends("requeue, not started", () -> selector.requeue());
        notes.ends("close, not started", () -> selector.close());
        notes.add("leader of none", selector.getLeader());
        selector.start();
        notes.ends("started twice", () -> selector.start());
        leader.leads.await();
        notes.add("requeue, leading", selector.requeue());
        notes.add("leads", selector.hasLeadership());
        notes.add("leader", selector.getLeader());
        notes.add("participants", List.copyOf(selector.getParticipants()));
        leader.end.countDown();
        notes.add("ended", leader.ended());
        Stage.eventually(
                () -> !selector.hasLeadership() && selector.getParticipants().isEmpty());
        Stage.eventually(selector::requeue);
        notes.add("ended again", leader.ended());
        selector.close();
        notes.ends("requeue, closed", () -> selector.requeue());
        notes.ends("close, closed", () -> selector.close());
        notes.ends("start, closed", () -> selector.start());
        notes.ends("no path", () -> new LeaderSelector(client, "selector", leader));
        notes.ends("no listener", () -> new LeaderSelector(client, "/selector", null));
    }

    /** By turns, each at the end of the queue again. */
    public static void turns(Stage stage, Notes notes) throws Exception {
        List<String> turns = new CopyOnWriteArrayList<>();
        List<LeaderSelector> selectors = new ArrayList<>();
        CountDownLatch all = new CountDownLatch(1);
        for (int i = 0; i < 3; i++) {
            String name = "selector " + i;
            LeaderSelector selector =
                    new LeaderSelector(States.started(stage), "/turns", new LeaderSelectorListenerAdapter() {
                        @Override
                        public void takeLeadership(CuratorFramework client) throws Exception {
                            all.await();
                            turns.add(name);
                            Thread.sleep(150); // so that the one before has joined again
                        }
                    });
            selector.setId(name);
            selector.autoRequeue();
            selectors.add(selector);
            selector.start();
            stage.awaitParticipants("/turns", i + 1);
        }
        all.countDown();
        Stage.eventually(() -> turns.size() >= 6);
        notes.add("turns", List.copyOf(turns.subList(0, 6)));
        selectors.forEach(LeaderSelector::close);
    }

    /** A leader that fails. */
    public static void failure(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CountDownLatch called = new CountDownLatch(2);
        LeaderSelector selector = new LeaderSelector(client, "/failure", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework unused) {
                called.countDown();
                throw new IllegalStateException("a leader that fails");
            }
        });
        selector.start();
        Stage.eventually(() -> called.getCount() == 1);
        Stage.eventually(
                () -> !selector.hasLeadership() && selector.getParticipants().isEmpty());
        Stage.eventually(selector::requeue);
        notes.add("called again", called.await(20, TimeUnit.SECONDS));
        selector.close();
    }

    /** Interrupted from outside, and by closing it. */
    public static void interruption(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        Leader leader = new Leader();
        LeaderSelector selector = new LeaderSelector(client, "/interruption", leader);
        selector.interruptLeadership();
        selector.start();
        leader.leads.await();
        Stage.eventually(selector::hasLeadership);
        selector.interruptLeadership();
        notes.add("interrupted", leader.ended());
        Stage.eventually(() -> selector.getParticipants().isEmpty());
        Leader second = new Leader();
        LeaderSelector closed = new LeaderSelector(client, "/interruption", second);
        closed.start();
        second.leads.await();
        closed.close();
        notes.add("closed", second.ended());
        Stage.eventually(() -> closed.getParticipants().isEmpty());
        selector.close();
        Leader third = new Leader();
        LeaderSelector waiting = new LeaderSelector(client, "/interruption", third);
        LeaderSelector leading = new LeaderSelector(client, "/interruption", new Leader());
        leading.start();
        stage.awaitParticipants("/interruption", 1);
        waiting.start();
        stage.awaitParticipants("/interruption", 2);
        waiting.close();
        stage.awaitParticipants("/interruption", 1);
        notes.add("closed while it waits, was called", third.leads.getCount() == 0);
        leading.close();
    }

    /** The session is in doubt: the adapter cancels. */
    public static void suspension(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        States states = States.of(client);
        Leader leader = new Leader();
        LeaderSelector selector = new LeaderSelector(client, "/suspension", leader);
        selector.start();
        leader.leads.await();
        stage.connected(client, false);
        states.await(ConnectionState.SUSPENDED);
        notes.add("ended", leader.ended());
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        Stage.eventually(() -> !selector.hasLeadership());
        selector.close();
    }

    /** The session ends, and the leader does not listen. */
    public static void loss(Stage stage, Notes notes) throws Exception {
        CuratorFramework client = States.started(stage);
        CuratorFramework other = States.started(stage);
        States states = States.of(client);
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch leads = new CountDownLatch(1);
        LeaderSelector selector = new LeaderSelector(client, "/loss", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework unused) throws Exception {
                leads.countDown();
                end.await();
            }

            @Override
            public void stateChanged(CuratorFramework unused, ConnectionState state) {}
        });
        selector.start();
        leads.await();
        Leader second = new Leader();
        LeaderSelector next = new LeaderSelector(other, "/loss", second);
        next.start();
        stage.awaitParticipants("/loss", 2);
        stage.connected(client, false);
        states.await(ConnectionState.LOST);
        notes.add("the next one leads", second.leads.await(20, TimeUnit.SECONDS));
        notes.add("the first one believes that it leads", selector.hasLeadership());
        stage.connected(client, true);
        states.await(ConnectionState.RECONNECTED);
        notes.add("and after that", selector.hasLeadership());
        end.countDown();
        Stage.eventually(() -> !selector.hasLeadership());
        second.end.countDown();
    }
}
