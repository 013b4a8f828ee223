package io.latchkey.curator;

import static io.latchkey.curator.differential.Stage.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.LeaseLostException;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.recipes.leader.LeaderLatch;
import io.latchkey.curator.framework.recipes.leader.LeaderSelector;
import io.latchkey.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import io.latchkey.curator.framework.recipes.locks.InterProcessLock;
import io.latchkey.curator.framework.recipes.locks.InterProcessMutex;
import io.latchkey.curator.framework.recipes.locks.InterProcessReadWriteLock;
import io.latchkey.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import io.latchkey.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import io.latchkey.curator.framework.recipes.locks.Lease;
import io.latchkey.curator.retry.RetryNTimes;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What Curator does not have: fencing tokens, fences, and a word to those who have lost. */
@Timeout(60)
final class FencedRecipesTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private TcpProxy network;
    private CuratorFramework client;
    private CuratorFramework other;

    @BeforeEach
    void start() throws InterruptedException {
        network = TcpProxy.to(POSTGRES.database().address());
        client = started(POSTGRES.database().address().withPort(network.port()).url());
        other = started(POSTGRES.database().url());
    }

    private static CuratorFramework started(String url) throws InterruptedException {
        CuratorFramework client = CuratorFrameworkFactory.newClient(url, 1_000, 1_000, new RetryNTimes(2, 50));
        client.start();
        client.blockUntilConnected();
        return client;
    }

    @AfterEach
    void stop() {
        client.close();
        other.close();
        network.close();
    }

    @Test
    void tokens_ofLocksAndPermits_grow() throws Exception {
        InterProcessSemaphoreMutex first = new InterProcessSemaphoreMutex(client, "/tokens");
        InterProcessSemaphoreMutex second = new InterProcessSemaphoreMutex(other, "/tokens");
        first.acquire();
        long token = first.fencingToken();
        first.release();
        second.acquire();
        assertThat(second.fencingToken()).isGreaterThan(token);
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, "/permits", 2);
        try (Lease one = semaphore.acquire();
                Lease two = semaphore.acquire()) {
            assertThat(two.fencingToken()).isGreaterThan(one.fencingToken());
            assertThat(two.getNodeName()).isGreaterThan(one.getNodeName());
            semaphore.setMaxLeases(3);
            assertThat(semaphore.acquire(1, TimeUnit.SECONDS)).isNotNull();
        }
    }

    /** Without the lock beside the semaphore two takers would have one permit each, and wait for the other for ever. */
    @Test
    void severalPermits_takenByManyAtOnce_doNotDeadlock() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        List<Future<?>> takers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(i % 2 == 0 ? client : other, "/several", 3);
            takers.add(threads.submit(() -> {
                for (int turn = 0; turn < 10; turn++) {
                    semaphore.returnAll(semaphore.acquire(2 + turn % 2));
                }
                return null;
            }));
        }
        for (Future<?> taker : takers) {
            taker.get(20, TimeUnit.SECONDS);
        }
        threads.shutdownNow();
        assertThatThrownBy(() -> new InterProcessSemaphoreV2(client, "/several", 3).acquire(4))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("/several");
    }

    @Test
    void token_ofNobody_isRefused_withTheNameOfTheLock() {
        assertThatThrownBy(() -> new InterProcessMutex(client, "/nobody").fencingToken())
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("/nobody");
        assertThatThrownBy(() -> new InterProcessSemaphoreMutex(client, "/nobody").fencingToken())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/nobody");
        assertThatThrownBy(() -> new LeaderLatch(client, "/nobody").fencingToken())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/nobody");
    }

    @Test
    void fence_keepsTheLockUntilTheTransactionEnds() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, "/fence");
        InterProcessMutex theirs = new InterProcessMutex(other, "/fence");
        mutex.acquire();
        try (Connection connection = POSTGRES.database().connect()) {
            assertThatThrownBy(() -> mutex.fence(connection)).isInstanceOf(IllegalStateException.class);
            connection.setAutoCommit(false);
            mutex.fence(connection);
            mutex.release();
            assertThat(theirs.acquire(200, TimeUnit.MILLISECONDS)).isFalse();
            connection.commit();
        }
        assertThat(theirs.acquire(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void holders_thatHaveLost_areTold_eachBeforeTheNextOneHasIt() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, "/lost/mutex");
        InterProcessSemaphoreMutex semaphoreMutex = new InterProcessSemaphoreMutex(client, "/lost/semaphore-mutex");
        InterProcessReadWriteLock readWrite = new InterProcessReadWriteLock(client, "/lost/rw");
        List<String> lost = new CopyOnWriteArrayList<>();
        mutex.acquire();
        mutex.onLost(() -> lost.add("mutex"));
        semaphoreMutex.acquire();
        semaphoreMutex.onLost(() -> lost.add("semaphore mutex"));
        readWrite.writeLock().acquire();
        readWrite.readLock().acquire();
        readWrite.readLock().onLost(() -> lost.add("reader"));
        readWrite.writeLock().release(); // its callback goes over to the read lease
        Lease permit = new InterProcessSemaphoreV2(client, "/lost/semaphore", 1).acquire();
        permit.onLost(() -> lost.add("permit"));

        network.refuse();
        network.reset();
        InterProcessLock next = new InterProcessMutex(other, "/lost/mutex");
        assertThat(next.acquire(20, TimeUnit.SECONDS)).isTrue();

        assertThat(lost).contains("mutex");
        eventually(() -> lost.size() == 4);
        assertThat(lost).containsExactlyInAnyOrder("mutex", "semaphore mutex", "reader", "permit");
        assertThat(permit.isValid()).isFalse();
        assertThatThrownBy(mutex::acquire).isInstanceOf(LeaseLostException.class);
        assertThatThrownBy(mutex::release)
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("/lost/mutex")
                .hasCauseInstanceOf(LeaseLostException.class);
        assertThatThrownBy(semaphoreMutex::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("/lost/semaphore-mutex");
        assertThatThrownBy(readWrite.readLock()::release).isInstanceOf(IllegalMonitorStateException.class);
        permit.close();

        network.heal();
        next.release();
        assertThat(mutex.acquire(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void nestedHolder_thatHasLost_hearsOfItAtEachRelease() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(client, "/nested");
        mutex.acquire();
        mutex.acquire();
        CountDownLatch lost = new CountDownLatch(1);
        mutex.onLost(lost::countDown);
        network.refuse();
        network.reset();
        assertThat(lost.await(20, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(mutex::release).hasMessageContaining("any more");
        assertThatThrownBy(mutex::release).hasMessageContaining("any more");
        assertThatThrownBy(mutex::release).hasMessage("You do not own the lock: /nested");
    }

    @Test
    void terms_ofLeaders_grow() throws Exception {
        try (LeaderLatch first = new LeaderLatch(client, "/terms", "first");
                LeaderLatch second = new LeaderLatch(other, "/terms", "second")) {
            assertThat(first.getLastPathIsLeader()).isNull();
            first.start();
            first.await();
            long term = first.fencingToken();
            String path = Objects.requireNonNull(first.getLastPathIsLeader());
            assertThat(path).isEqualTo("/terms/latch-%019d", term);
            second.start();
            network.refuse();
            network.reset();
            second.await();
            assertThat(first.hasLeadership()).isFalse();
            assertThat(second.fencingToken()).isGreaterThan(term);
            assertThat(second.getLastPathIsLeader()).isGreaterThan(path);
        }
    }

    @Test
    void selector_thatLeads_hasTerm() throws Exception {
        BlockingQueue<Long> terms = new ArrayBlockingQueue<>(2);
        BlockingQueue<LeaderSelector> itself = new ArrayBlockingQueue<>(1);
        try (LeaderSelector selector = new LeaderSelector(client, "/selector", new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework unused) throws Exception {
                terms.put(itself.take().fencingToken());
            }
        })) {
            selector.start();
            itself.put(selector);
            Long first = terms.poll(20, TimeUnit.SECONDS);
            eventually(selector::requeue);
            itself.put(selector);
            assertThat(terms.poll(20, TimeUnit.SECONDS)).isGreaterThan(first);
        }
    }
}
