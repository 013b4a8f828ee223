package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.SessionState;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** All connections are refused for a while. */
@Timeout(60)
final class UnreachableTest {
    private static final int TIMEOUT_MS = 4_000;

    private final AtomicLong renewals = new AtomicLong();
    private final List<SessionState> states = new CopyOnWriteArrayList<>();
    private TestDatabase database;
    private TcpProxy network;
    private Latchkey client;
    private Latchkey other;

    @BeforeEach
    void connect() {
        database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
        network = TcpProxy.to(database.address());
        client = client(database.address().withPort(network.port()).url(), "client", TIMEOUT_MS)
                .events(new LatchkeyEvents() {
                    @Override
                    public void renewed(Duration roundTrip) {
                        renewals.incrementAndGet();
                    }
                })
                .connect();
        client.addSessionListener(states::add);
        other = client(database.url(), "other", TIMEOUT_MS).connect();
    }

    @AfterEach
    void close() {
        client.close();
        other.close();
        network.close();
        database.close();
    }

    @Test
    void outageShorterThanTheSession_keepsLeasesAndQueues_suspendedThenReconnected() throws Exception {
        Lease lease = client.lock("mine").acquire();
        Lease theirs = other.lock("theirs").acquire();
        CompletableFuture<Lease> waiter = client.lock("theirs").acquireAsync();
        awaitWaiting(database.address(), "theirs", 1);
        awaitRenewal();

        goDown();
        eventually(() -> client.state() == SessionState.SUSPENDED);
        assertThat(lease.isValid()).isTrue();
        network.heal();
        eventually(() -> client.state() == SessionState.RECONNECTED);

        assertThat(states).containsExactly(SessionState.SUSPENDED, SessionState.RECONNECTED);
        assertThat(lease.isValid()).isTrue();
        theirs.release();
        granted(waiter).close();
        assertThat(lease.release()).isTrue();
        assertThat(other.lock("mine").tryAcquire()).isPresent();
    }

    @Test
    void outageLongerThanTheSession_losesLeasesBeforeAnotherHasThem_andWaitersGoOn() throws Exception {
        Lease lease = client.lock("mine").acquire();
        AtomicLong lostAt = new AtomicLong();
        lease.onLost(() -> lostAt.set(System.nanoTime()));
        Lease theirs = other.lock("theirs").acquire();
        CompletableFuture<Lease> waiter = client.lock("theirs").acquireAsync();
        awaitWaiting(database.address(), "theirs", 1);
        CompletableFuture<Long> takenOverAt = new CompletableFuture<>();
        CompletableFuture<Lease> next = other.lock("mine").acquireAsync();
        var unused = next.thenAccept(granted -> takenOverAt.complete(System.nanoTime()));
        awaitWaiting(database.address(), "mine", 1);

        goDown();
        try (Lease taken = granted(next)) {
            assertThat(lease.isValid()).isFalse();
            assertThat(lostAt.get()).isNotZero();
            assertThat(lostAt.get() - takenOverAt.get(5, TimeUnit.SECONDS)).isNegative();
            assertThat(taken.fencingToken()).isGreaterThan(lease.fencingToken());
            assertThat(lease.release()).isFalse();
            assertThat(taken.isValid()).isTrue();
        }
        network.heal();
        eventually(() -> client.state() == SessionState.RECONNECTED);
        eventually(() -> states.size() == 3);
        assertThat(states).containsExactly(SessionState.SUSPENDED, SessionState.LOST, SessionState.RECONNECTED);
        awaitWaiting(database.address(), "theirs", 1);
        assertThat(waiter).isNotDone();
        theirs.release();
        granted(waiter).close();
    }

    /** The client gives the old session back as soon as it is connected again, which may be before it has ended by itself. */
    @Test
    void leaseLostToAnOutage_isToldBeforeTheClientItselfGivesTheLockBack() throws Exception {
        AtomicLong lostAt = new AtomicLong();
        Lease lease = client.lock("mine").acquire();
        lease.onLost(() -> lostAt.set(System.nanoTime()));
        CompletableFuture<Long> takenOverAt = new CompletableFuture<>();
        var unused = other.lock("mine").acquireAsync().thenAccept(granted -> takenOverAt.complete(System.nanoTime()));
        awaitWaiting(database.address(), "mine", 1);
        goDown();
        eventually(() -> client.state() == SessionState.LOST);
        network.heal();
        assertThat(lostAt.get() - takenOverAt.get(10, TimeUnit.SECONDS)).isNegative();
        assertThat(lostAt.get()).isNotZero();
    }

    @Test
    void calls_whileTheDatabaseIsDown_failInTime_orWaitUntilItIsBack() throws Exception {
        goDown();
        long start = System.nanoTime();
        assertThatThrownBy(() -> client.lock("job").tryAcquire())
                .isInstanceOf(DatabaseUnavailableException.class)
                .hasMessageContaining("127.0.0.1:" + network.port())
                .hasMessageNotContaining(database.address().password());
        assertThat(millisSince(start)).isLessThan(1_000);

        start = System.nanoTime();
        assertThatThrownBy(() -> client.lock("job").tryAcquire(Duration.ofMillis(300)))
                .isInstanceOf(DatabaseUnavailableException.class);
        assertThat(millisSince(start)).isBetween(300L, 1_300L);

        CompletableFuture<Lease> patient = CompletableFuture.supplyAsync(() -> {
            try {
                return client.lock("job").acquire();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
        assertThat(patient).isNotDone();
        network.heal();
        start = System.nanoTime();
        granted(patient).close();
        assertThat(millisSince(start)).isLessThan(2_000);
    }

    private void goDown() {
        network.refuse();
        network.reset();
    }

    private void awaitRenewal() {
        long before = renewals.get();
        eventually(() -> renewals.get() > before);
    }
}
