package io.latchkey.curator;

import static io.latchkey.curator.differential.Stage.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.api.CuratorClosedException;
import io.latchkey.curator.framework.recipes.locks.InterProcessMutex;
import io.latchkey.curator.framework.state.ConnectionState;
import io.latchkey.curator.retry.BoundedExponentialBackoffRetry;
import io.latchkey.curator.retry.ExponentialBackoffRetry;
import io.latchkey.curator.retry.RetryForever;
import io.latchkey.curator.retry.RetryNTimes;
import io.latchkey.curator.retry.RetryUntilElapsed;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The client, where there is nothing to compare with. */
@Timeout(60)
final class FrameworkTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static final Logger LOG = Logger.getLogger("io.latchkey.curator");

    private TcpProxy network;

    @BeforeEach
    void proxy() {
        network = TcpProxy.to(POSTGRES.database().address());
        LOG.setLevel(Level.OFF); // of the connections that fail
    }

    @AfterEach
    void close() {
        LOG.setLevel(null);
        network.close();
    }

    private String url() {
        return POSTGRES.database().address().withPort(network.port()).url();
    }

    @Test
    void start_whileTheDatabaseIsDown_returns_andConnectsWhenItIsBack() throws Exception {
        network.refuse();
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(url(), 2_000, 200, new RetryNTimes(1, 50))) {
            List<ConnectionState> states = new CopyOnWriteArrayList<>();
            client.getConnectionStateListenable().addListener((unused, state) -> states.add(state));
            client.start();
            assertThat(client.blockUntilConnected(100, TimeUnit.MILLISECONDS)).isFalse();
            InterProcessMutex mutex = new InterProcessMutex(client, "/down");
            assertThatThrownBy(() -> mutex.acquire(0, TimeUnit.SECONDS))
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("127.0.0.1:" + network.port())
                    .hasMessageNotContaining(POSTGRES.database().address().password());
            assertThat(states).isEmpty();
            network.heal();
            client.blockUntilConnected();
            mutex.acquire();
            mutex.release();
            eventually(() -> states.equals(List.of(ConnectionState.CONNECTED)));
        }
    }

    @Test
    void close_whileTheDatabaseIsDown_endsThoseWhoWait() throws Exception {
        network.refuse();
        CuratorFramework client = CuratorFrameworkFactory.newClient(url(), 2_000, 20_000, new RetryForever(50));
        client.start();
        InterProcessMutex mutex = new InterProcessMutex(client, "/down");
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
            assertThatThrownBy(mutex::acquire).isInstanceOf(CuratorClosedException.class);
            assertThatThrownBy(client::blockUntilConnected).isInstanceOf(CuratorClosedException.class);
        });
        assertThat(waiting).isNotDone();
        client.close();
        waiting.get(10, TimeUnit.SECONDS);
    }

    @Test
    void wrongPassword_isSaidAtOnce() throws Exception {
        String wrong = POSTGRES.database().url().replaceAll("password=[^&]*", "password=wrong");
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(wrong, 2_000, 2_000, new RetryForever(50))) {
            client.start();
            assertThatThrownBy(() -> new InterProcessMutex(client, "/lock").acquire())
                    .isInstanceOf(CoordinationException.class)
                    .hasMessageContaining("refuses this user or password");
        }
    }

    @Test
    void wrappedClient_staysOpen() throws Exception {
        try (Latchkey latchkey = Latchkey.connect(POSTGRES.database().url())) {
            CuratorFramework client = CuratorFrameworkFactory.wrap(latchkey, new RetryNTimes(1, 50));
            client.start();
            client.blockUntilConnected();
            assertThat(client.latchkey()).isSameAs(latchkey);
            InterProcessMutex mutex = new InterProcessMutex(client, "/wrapped");
            mutex.acquire();
            assertThat(latchkey.lock("/wrapped").tryAcquire()).isEmpty();
            client.close();
            assertThat(mutex.isAcquiredInThisProcess()).isTrue();
            mutex.release();
            assertThat(latchkey.lock("/wrapped").tryAcquire()).isPresent();
        }
    }

    @Test
    void builder_hasWhatCuratorHasNoNameFor() throws Exception {
        try (CuratorFramework client = CuratorFrameworkFactory.builder()
                .connectString(POSTGRES.database().url())
                .namespace("shop")
                .customize(latchkey -> latchkey.holder("ann"))
                .retryPolicy(new RetryNTimes(1, 50))
                .build()) {
            client.start();
            InterProcessMutex mutex = new InterProcessMutex(client, "/orders");
            mutex.acquire();
            assertThat(client.latchkey().holder()).isEqualTo("ann");
            assertThat(client.latchkey().lock("/shop/orders").tryAcquire()).isEmpty();
            assertThat(client.runSafe(() -> {})).succeedsWithin(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void builder_refusesWhatCannotBe() {
        CuratorFrameworkFactory.Builder builder =
                CuratorFrameworkFactory.builder().connectString(url()).retryPolicy(new RetryNTimes(1, 50));
        assertThatThrownBy(() -> builder.sessionTimeoutMs(10).build()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.sessionTimeoutMs(1_000).namespace("/a").build())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> CuratorFrameworkFactory.builder().connectString("zk1:2181,zk2:2181"))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("jdbc:postgresql://");
        assertThatThrownBy(() ->
                        CuratorFrameworkFactory.builder().connectString(url()).build())
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("retryPolicy");
    }

    @Test
    void retryPolicies_sleepAsTheySay() {
        List<Long> slept = new CopyOnWriteArrayList<>();
        RetrySleeper sleeper = (time, unit) -> slept.add(unit.toMillis(time));
        RetryPolicy two = new RetryNTimes(2, 7);
        assertThat(two.allowRetry(0, 0, sleeper)).isTrue();
        assertThat(two.allowRetry(1, 0, sleeper)).isTrue();
        assertThat(two.allowRetry(2, 0, sleeper)).isFalse();
        assertThat(slept).containsExactly(7L, 7L);
        slept.clear();
        RetryPolicy growing = new ExponentialBackoffRetry(10, 100, 50);
        for (int i = 0; i < 29; i++) {
            assertThat(growing.allowRetry(i, 0, sleeper)).isTrue();
        }
        assertThat(growing.allowRetry(29, 0, sleeper)).isFalse();
        assertThat(slept).allMatch(millis -> millis >= 10 && millis <= 50);
        assertThat(new BoundedExponentialBackoffRetry(10, 20, 3).getMaxSleepTimeMs())
                .isEqualTo(20);
        assertThat(new RetryUntilElapsed(100, 1).allowRetry(50, 99, sleeper)).isTrue();
        assertThat(new RetryUntilElapsed(100, 1).allowRetry(0, 100, sleeper)).isFalse();
        assertThat(two.allowRetry(new IllegalStateException())).isFalse();
        assertThat(two.allowRetry(new DatabaseUnavailableException("gone", null, null, null)))
                .isTrue();
        assertThatThrownBy(() -> new RetryForever(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void policy_thatIsInterrupted_endsTheCall() {
        network.refuse();
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(url(), 2_000, 1, new RetryForever(60_000))) {
            client.start();
            CompletableFuture<Thread> caller = new CompletableFuture<>();
            CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
                caller.complete(Thread.currentThread());
                assertThatThrownBy(client::latchkey).isInstanceOf(InterruptedException.class);
            });
            caller.join().interrupt();
            assertThat(waiting).succeedsWithin(10, TimeUnit.SECONDS);
        }
    }
}
