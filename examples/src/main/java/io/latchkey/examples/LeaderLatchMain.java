package io.latchkey.examples;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.recipes.leader.LeaderLatch;
import io.latchkey.curator.framework.recipes.leader.LeaderLatchListener;
import io.latchkey.curator.retry.ExponentialBackoffRetry;

/**
 * A leader with failover, with Curator's names. Start it several times with the same URL; kill the one that leads, and the next one
 * does within the session's timeout. Enter ends it.
 */
public final class LeaderLatchMain {
    private LeaderLatchMain() {}

    /**
     * Leads when it is its turn.
     *
     * @param arguments a JDBC URL, and a name for this candidate
     */
    public static void main(String[] arguments) throws Exception {
        String me = arguments[1];
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(arguments[0], 2_000, 15_000, new ExponentialBackoffRetry(100, 3));
        try (client;
                LeaderLatch latch = new LeaderLatch(client, "/billing/leader", me)) {
            latch.addListener(new LeaderLatchListener() {
                @Override
                public void isLeader() {
                    // Give the term to whatever the leader writes to, so that leaders of the past are refused there.
                    System.out.println(me + " leads, term " + latch.fencingToken());
                }

                @Override
                public void notLeader() {
                    System.out.println(me + " leads no more");
                }
            });
            client.start();
            latch.start();
            System.out.println(me + " is a candidate");
            int unused = System.in.read();
        }
        System.out.println(me + " has left");
    }
}
