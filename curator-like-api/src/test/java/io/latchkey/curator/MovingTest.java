package io.latchkey.curator;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.recipes.locks.InterProcessLock;
import io.latchkey.curator.framework.recipes.locks.InterProcessMultiLock;
import io.latchkey.curator.framework.recipes.locks.InterProcessMutex;
import io.latchkey.curator.retry.RetryOneTime;
import io.latchkey.testkit.PostgresExtension;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.curator.test.TestingServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Moving a lock from ZooKeeper to PostgreSQL while instances of both kinds run, as in docs/migrating-from-curator.md. */
@Timeout(60)
final class MovingTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private TestingServer zooKeeper;
    private org.apache.curator.framework.CuratorFramework oldClient;
    private CuratorFramework newClient;

    /** Curator's lock, as one of ours. */
    private record OldLock(org.apache.curator.framework.recipes.locks.InterProcessLock old)
            implements InterProcessLock {
        @Override
        public void acquire() throws Exception {
            old.acquire();
        }

        @Override
        public boolean acquire(long time, TimeUnit unit) throws Exception {
            return old.acquire(time, unit);
        }

        @Override
        public void release() throws Exception {
            old.release();
        }

        @Override
        public boolean isAcquiredInThisProcess() {
            return old.isAcquiredInThisProcess();
        }
    }

    @BeforeEach
    void start() throws Exception {
        zooKeeper = new TestingServer(true);
        oldClient = org.apache.curator.framework.CuratorFrameworkFactory.newClient(
                zooKeeper.getConnectString(), new org.apache.curator.retry.RetryOneTime(100));
        oldClient.start();
        newClient = CuratorFrameworkFactory.newClient(POSTGRES.database().url(), new RetryOneTime(100));
        newClient.start();
    }

    @AfterEach
    void stop() throws Exception {
        newClient.close();
        oldClient.close();
        zooKeeper.close();
    }

    @Test
    void instancesOfNeighbouringReleases_excludeEachOther() throws Exception {
        exclude(before(), first());
        exclude(first(), first());
        exclude(first(), second());
    }

    /** Why release 1 is needed. */
    @Test
    void instancesOfBeforeAndAfter_doNotExcludeEachOther() throws Exception {
        InterProcessLock before = before();
        InterProcessLock second = second();
        before.acquire();
        assertThat(second.acquire(0, TimeUnit.SECONDS)).isTrue();
        second.release();
        before.release();
    }

    private InterProcessLock before() {
        return new OldLock(new org.apache.curator.framework.recipes.locks.InterProcessMutex(oldClient, "/lock"));
    }

    private InterProcessLock first() {
        return new InterProcessMultiLock(List.of(before(), second()));
    }

    private InterProcessLock second() {
        return new InterProcessMutex(newClient, "/lock");
    }

    private static void exclude(InterProcessLock one, InterProcessLock other) throws Exception {
        for (List<InterProcessLock> pair : List.of(List.of(one, other), List.of(other, one))) {
            pair.get(0).acquire();
            assertThat(pair.get(1).acquire(100, TimeUnit.MILLISECONDS)).isFalse();
            pair.get(0).release();
            assertThat(pair.get(1).acquire(5, TimeUnit.SECONDS)).isTrue();
            pair.get(1).release();
        }
    }
}
