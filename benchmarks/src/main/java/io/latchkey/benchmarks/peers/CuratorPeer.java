package io.latchkey.benchmarks.peers;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** Curator's mutex and leader latch on ZooKeeper. */
record CuratorPeer(String connectString) implements Peer {
    @Override
    public LockClient connect(ClientOptions options) {
        CuratorFrameworkFactory.Builder builder = CuratorFrameworkFactory.builder()
                .connectString(connectString)
                .retryPolicy(new ExponentialBackoffRetry(1000, 3));
        if (options.lease() != null) {
            builder.sessionTimeoutMs(Math.toIntExact(options.lease().toMillis()));
        }
        CuratorFramework curator = builder.build();
        curator.start();
        return new Client(curator, new ConcurrentHashMap<>());
    }

    private record Client(CuratorFramework curator, Map<String, InterProcessMutex> mutexes) implements LockClient {
        @Override
        public Held lock(String name) throws Exception {
            InterProcessMutex mutex =
                    mutexes.computeIfAbsent(name, key -> new InterProcessMutex(curator, "/bench/" + key));
            mutex.acquire();
            return mutex::release;
        }

        @Override
        public AutoCloseable stand(String election, Runnable elected) throws Exception {
            LeaderLatch latch = new LeaderLatch(curator, "/bench/election/" + election);
            latch.addListener(new LeaderLatchListener() {
                @Override
                public void isLeader() {
                    elected.run();
                }

                @Override
                public void notLeader() {}
            });
            latch.start();
            return latch;
        }

        @Override
        public void close() {
            curator.close();
        }
    }
}
