package io.latchkey.curator.differential;

import io.latchkey.testkit.TcpProxy;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingServer;

/** Apache Curator, with the server of curator-test: a fresh one for each scenario. */
final class ZooKeeper implements Stage.Backend, AutoCloseable {
    private static final int TICK_MS = 200;

    private final TestingServer server;
    private final CuratorFramework observer;

    ZooKeeper() throws Exception {
        server = new TestingServer(new InstanceSpec(null, -1, -1, -1, true, -1, TICK_MS, -1), true);
        observer = CuratorFrameworkFactory.newClient(server.getConnectString(), new RetryNTimes(3, 100));
        observer.start();
    }

    @Override
    public TcpProxy network() {
        return TcpProxy.to("127.0.0.1", server.getPort());
    }

    @Override
    public CuratorFramework client(int port) {
        return CuratorFrameworkFactory.builder()
                .connectString("127.0.0.1:" + port)
                .sessionTimeoutMs(Stage.SESSION_MS)
                .connectionTimeoutMs(1_000)
                .retryPolicy(new RetryNTimes(3, 100))
                .build();
    }

    @Override
    public int participants(String path) throws Exception {
        return observer.checkExists().forPath(path) == null
                ? 0
                : observer.getChildren().forPath(path).size();
    }

    @Override
    public void close() throws Exception {
        observer.close();
        server.close();
    }
}
