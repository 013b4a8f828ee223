package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.DistributedReadWriteLock;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callers that do not want to wait any more, and clients that close. The sessions are long: nothing here may need a backstop. */
@Timeout(60)
final class GivingUpTest {
    private TestDatabase database;
    private Latchkey holder;
    private Latchkey client;

    @BeforeEach
    void connect() {
        database = Scene.installed(PostgresServer.shared(), 15_000);
        holder = client(database.url(), "holder", 15_000).connect();
        client = client(database.url(), "client", 15_000).connect();
    }

    @AfterEach
    void close() {
        holder.close();
        client.close();
        database.close();
    }

    @Test
    void interrupt_ofAWaitingThread_leavesNothingBehind() throws Exception {
        Lease lease = holder.lock("job").acquire();
        AtomicReference<Object> outcome = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.set(client.lock("job").acquire());
            } catch (InterruptedException e) {
                outcome.set(e);
            }
        });
        thread.start();
        awaitWaiting(database.address(), "job", 1);
        thread.interrupt();
        thread.join();
        assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
        awaitNobodyWaits();
        assertThat(lease.release()).isTrue();
        assertThat(holder.lock("job").tryAcquire()).isPresent();
    }

    /** A release that follows would go to somebody who has gone, and a try that follows that would be refused. */
    @Test
    void tryThatRanOutOfTime_hasLeftTheQueueWhenItReturns() throws Exception {
        holder.lock("job").acquire();
        client.lock("job").tryAcquire(); // opens the connection
        for (int i = 0; i < 10; i++) {
            assertThat(client.lock("job").tryAcquire(Duration.ofMillis(20))).isEmpty();
            assertThat(Scene.number(database.address(), "SELECT count(*) FROM latchkey._waiter"))
                    .isZero();
        }
    }

    @Test
    void interruptAndGrant_atTheSameMoment_leaveNoLockStuck() throws Exception {
        Random random = new Random(7);
        int granted = 0;
        for (int i = 0; i < 500; i++) {
            Lease lease = holder.lock("job").tryAcquire(Scene.PATIENCE).orElseThrow();
            AtomicReference<Lease> got = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    got.set(client.lock("job").acquire());
                } catch (InterruptedException e) {
                    // as intended
                }
            });
            thread.start();
            LockSupport.parkNanos(random.nextInt(1_000_000));
            CompletableFuture<Void> release = CompletableFuture.runAsync(lease::release);
            LockSupport.parkNanos(random.nextInt(600_000));
            thread.interrupt();
            thread.join();
            release.get();
            if (got.get() != null) {
                granted++;
                assertThat(got.get().release()).isTrue();
            }
        }
        assertThat(granted).as("both outcomes were seen").isBetween(1, 499);
        awaitNobodyWaits();
        assertThat(holder.lock("job").tryAcquire(Duration.ofSeconds(1))).isPresent();
    }

    @Test
    void cancelAndGrant_atTheSameMoment_leaveNoLockStuck() throws Exception {
        Random random = new Random(11);
        int granted = 0;
        for (int i = 0; i < 1_000; i++) {
            Lease lease = holder.lock("job").tryAcquire(Scene.PATIENCE).orElseThrow();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            LockSupport.parkNanos(random.nextInt(600_000));
            CompletableFuture<Void> release = CompletableFuture.runAsync(lease::release);
            LockSupport.parkNanos(random.nextInt(600_000));
            if (!waiter.cancel(false)) {
                granted++;
                assertThat(waiter.get().release()).isTrue();
            }
            release.get();
        }
        assertThat(granted).as("both outcomes were seen").isBetween(1, 999);
        awaitNobodyWaits();
        assertThat(holder.lock("job").tryAcquire(Duration.ofSeconds(1))).isPresent();
    }

    @Test
    void timeoutOfAFuture_leavesTheQueue() throws Exception {
        Lease lease = holder.lock("job").acquire();
        CompletableFuture<Lease> waiter = client.lock("job").acquireAsync().orTimeout(200, TimeUnit.MILLISECONDS);
        assertThatThrownBy(waiter::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(TimeoutException.class);
        awaitNobodyWaits();
        assertThat(lease.isValid()).isTrue();
    }

    @Test
    void close_givesEverythingToTheWaitersAtOnce_evenWhatIsStillBeingReleased() throws Exception {
        List<Lease> leases = new ArrayList<>();
        List<CompletableFuture<Lease>> waiters = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            leases.add(holder.lock("lock " + i).acquire());
            waiters.add(client.lock("lock " + i).acquireAsync());
        }
        awaitWaiting(database.address(), "lock %", 50);
        for (Lease lease : leases.subList(10, 50)) {
            var unused = lease.releaseAsync();
        }
        long start = System.nanoTime();
        holder.close();
        for (CompletableFuture<Lease> waiter : waiters) {
            granted(waiter).close();
        }
        assertThat(millisSince(start)).isLessThan(2_000);
        assertThat(leases.get(0).isValid()).isFalse();
        assertThat(number(database.address(), "SELECT count(*) FROM latchkey.sessions WHERE holder = 'holder'"))
                .isZero();
    }

    @Test
    void close_endsTheCallsThatWait() throws Exception {
        Lease lease = holder.lock("job").acquire();
        CompletableFuture<Lease> async = client.lock("job").acquireAsync();
        CompletableFuture<Lease> blocking = CompletableFuture.supplyAsync(() -> {
            try {
                return client.lock("job").acquire();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        awaitWaiting(database.address(), "job", 2);
        client.close();
        assertThatThrownBy(() -> async.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> blocking.get(5, TimeUnit.SECONDS)).hasCauseInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> client.lock("job").tryAcquire()).isInstanceOf(IllegalStateException.class);
        awaitNobodyWaits();
        assertThat(lease.isValid()).isTrue();
    }

    /** A lease that came too late for its caller is given back by others, who may be busy: here for as long as the test likes. */
    @Test
    void sideGrantedAfterItsCallerGaveUp_isNotTakenForTheCallersOwn() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        try (TcpProxy network = TcpProxy.to(database.address());
                Latchkey late = client(
                                database.address().withPort(network.port()).url(), "late", 15_000)
                        .events(new LatchkeyEvents() {
                            @Override
                            public void released(String lock, Duration held, boolean handedOver) {
                                awaitQuietly(busy);
                            }
                        })
                        .connect()) {
            List<Lease> leases = new ArrayList<>();
            for (int i = 0; i < 4; i++) { // as many as there are threads for calls without a caller
                leases.add(late.lock("lock " + i).tryAcquire().orElseThrow());
            }
            leases.forEach(lease -> lease.releaseAsync());
            eventually(() ->
                    number(database.address(), "SELECT count(*) FROM latchkey.locks WHERE name LIKE 'lock %'") == 0);
            DistributedReadWriteLock lock = late.readWriteLock("document");
            network.stall();
            assertThatThrownBy(() -> lock.writeLock().tryAcquire(Duration.ofMillis(100)))
                    .isInstanceOf(DatabaseUnavailableException.class);
            network.heal();
            eventually(
                    () -> late.leases().stream().anyMatch(lease -> lease.lock().equals("document")));

            assertThat(lock.readLock().tryAcquire(Duration.ofMillis(100)))
                    .as("not refused as a thread that waits for itself")
                    .isEmpty();
            busy.countDown();
            assertThat(lock.readLock().tryAcquire(Scene.PATIENCE)).isPresent();
        } finally {
            busy.countDown();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitNobodyWaits() {
        eventually(() -> number(database.address(), "SELECT count(*) FROM latchkey._waiter WHERE token IS NULL") == 0);
    }
}
