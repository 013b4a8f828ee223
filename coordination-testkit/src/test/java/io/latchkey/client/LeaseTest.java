package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.DistributedLock;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a lease promises, call by call. */
class LeaseTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private Latchkey latchkey = Latchkey.connect(POSTGRES.database().url());

    @BeforeEach
    void connect() {
        latchkey.close();
        latchkey = Latchkey.connect(POSTGRES.database().url());
    }

    @AfterEach
    void disconnect() {
        latchkey.close();
    }

    private DistributedLock lock() {
        return latchkey.lock("lease-" + System.nanoTime());
    }

    @Test
    void release_tellsTheTruthOnce() throws InterruptedException {
        Lease lease = lock().acquire();
        assertThat(lease.remaining()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(15));
        assertThat(lease.release()).isTrue();
        assertThat(lease.release()).isFalse();
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.remaining()).isZero();
        lease.close();
    }

    @Test
    void releaseAsync_givesBackWithoutWaiting() throws Exception {
        DistributedLock lock = lock();
        Lease lease = lock.acquire();
        assertThat(lease.releaseAsync().toCompletableFuture().get()).isTrue();
        assertThat(lock.tryAcquire()).isPresent();
        assertThat(lease.releaseAsync().toCompletableFuture().get()).isFalse();
    }

    @Test
    void afterTheSessionWasEndedByTheDatabase_theLeaseIsLost_andItsReleaseFreesNobodyElse() throws Exception {
        try (Latchkey shortLived = Latchkey.builder(POSTGRES.database().url())
                .holder("ended")
                .sessionTimeout(Duration.ofSeconds(1))
                .connect()) {
            DistributedLock lock = lock();
            Lease lease = shortLived.lock(lock.name()).acquire();
            AtomicInteger lost = new AtomicInteger();
            lease.onLost(lost::incrementAndGet);
            POSTGRES.database().execute("DELETE FROM latchkey._session WHERE holder = 'ended'");
            await().until(() -> lost.get() == 1);
            assertThat(lease.isValid()).isFalse();
            Lease next = lock.tryAcquire(Duration.ofSeconds(5)).orElseThrow();
            assertThat(lease.release()).isFalse();
            assertThat(next.isValid()).isTrue();
            assertThat(shortLived.lock(lock.name()).tryAcquire()).isEmpty();
            AtomicInteger late = new AtomicInteger();
            lease.onLost(late::incrementAndGet);
            await().until(() -> late.get() == 1);
        }
    }

    @Test
    void fence_joinsTheTransaction() throws Exception {
        Lease lease = lock().acquire();
        try (Connection connection = POSTGRES.database().connect()) {
            assertThatThrownBy(() -> lease.fence(connection))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("auto-commit");
            connection.setAutoCommit(false);
            lease.fence(connection);
            connection.commit();
            lease.release();
            assertThatThrownBy(() -> lease.fence(connection)).isInstanceOfSatisfying(LeaseLostException.class, e -> {
                assertThat(e.fencingToken()).isEqualTo(lease.fencingToken());
                assertThat(e.lock()).isEqualTo(lease.lock());
            });
        }
    }

    @Test
    void timedLease_endsByItself_andOutlivesItsClient() throws Exception {
        DistributedLock lock = lock();
        try (Latchkey other = Latchkey.connect(POSTGRES.database().url())) {
            assertThat(other.lock(lock.name()).tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(2))))
                    .isPresent();
        }
        assertThat(lock.tryAcquire()).isEmpty();
        assertThat(lock.tryAcquire(Duration.ofSeconds(10))).isPresent();
    }

    @Test
    void timedLease_extendAndRelease() {
        DistributedLock lock = lock();
        TimedLease lease =
                lock.tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(1))).orElseThrow();
        assertThat(lease.extend(LeaseTime.atMost(Duration.ofMinutes(1)))).isTrue();
        assertThat(lease.remaining()).isGreaterThan(Duration.ofSeconds(30));
        assertThat(lock.tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(1))))
                .isEmpty();
        assertThat(lease.release()).isTrue();
        assertThat(lease.extend(LeaseTime.atMost(Duration.ofMinutes(1)))).isFalse();
        assertThat(lock.tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(1))))
                .isPresent();
    }

    @Test
    void timedLease_releasedEarly_staysTakenForItsLeastTime() throws Exception {
        DistributedLock lock = lock();
        long start = System.nanoTime();
        TimedLease lease = lock.tryAcquireTimed(
                        LeaseTime.atMost(Duration.ofSeconds(20)).atLeast(Duration.ofMillis(700)))
                .orElseThrow();
        assertThat(lease.release()).isTrue();
        assertThat(lock.tryAcquire()).isEmpty();
        Lease next = lock.tryAcquire(Duration.ofSeconds(10)).orElseThrow();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(650), Duration.ofSeconds(5));
        next.release();
    }

    @Test
    void timedLease_waitedFor_isHandedOver_withItsFullTime() throws Exception {
        DistributedLock lock = lock();
        Lease held = lock.acquire();
        try (Latchkey other = Latchkey.connect(POSTGRES.database().url())) {
            Thread release = new Thread(() -> {
                await().until(() -> waits(lock.name()));
                held.release();
            });
            release.start();
            TimedLease lease = other.lock(lock.name())
                    .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)), Duration.ofSeconds(20))
                    .orElseThrow();
            release.join();
            assertThat(lease.remaining()).isBetween(Duration.ofSeconds(50), Duration.ofMinutes(1));
            assertThat(lease.fencingToken()).isGreaterThan(held.fencingToken());
            assertThat(lease.release()).isTrue();
        }
    }

    private static boolean waits(String lock) throws java.sql.SQLException {
        try (Connection connection = POSTGRES.database().connect();
                var query = connection.prepareStatement("SELECT FROM latchkey.waiters WHERE name = ?")) {
            query.setString(1, lock);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    @Test
    void onLost_doesNotRun_forWhatWasReleasedOrClosed() throws Exception {
        AtomicInteger lost = new AtomicInteger();
        Lease released = lock().acquire();
        released.onLost(lost::incrementAndGet);
        released.release();
        Lease closed = lock().acquire();
        closed.onLost(lost::incrementAndGet);
        latchkey.close();
        assertThat(closed.isValid()).isFalse();
        assertThat(closed.release()).isFalse();
        assertThat(lost).hasValue(0);
    }

    @Test
    void afterClose_everyCallSaysSo() {
        DistributedLock lock = lock();
        latchkey.close();
        latchkey.close();
        assertThatThrownBy(lock::acquire)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(lock::tryAcquire).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> lock.tryAcquire(Duration.ofSeconds(1))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(lock::acquireAsync).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> lock.tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(1))))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void waitWithoutEnd_doesNotOverflow() throws Exception {
        DistributedLock lock = lock();
        assertThat(lock.tryAcquire(Duration.ofSeconds(Long.MAX_VALUE))).isPresent();
        assertThat(lock.tryAcquire(Duration.ofSeconds(Long.MIN_VALUE))).isEmpty();
    }

    @Test
    void events_tellWhatHappens_andTheirFailuresDoNoHarm() throws Exception {
        List<String> heard = Collections.synchronizedList(new ArrayList<>());
        LatchkeyEvents events = new LatchkeyEvents() {
            @Override
            public void acquired(String lock, Duration wait, boolean queued) {
                heard.add("acquired " + lock + " " + queued);
                throw new IllegalStateException("a bad listener");
            }

            @Override
            public void refused(String lock, Duration wait) {
                heard.add("refused " + lock);
            }

            @Override
            public void released(String lock, Duration held, boolean handedOver) {
                heard.add("released " + lock + " " + handedOver);
            }
        };
        try (Latchkey told =
                Latchkey.builder(POSTGRES.database().url()).events(events).connect()) {
            String name = lock().name();
            Lease lease = told.lock(name).acquire();
            assertThat(told.lock(name).tryAcquire()).isEmpty();
            var waiting = told.lock(name).acquireAsync();
            await().until(() -> waits(name));
            lease.release();
            waiting.get().release();
            assertThat(heard)
                    .containsExactlyInAnyOrder(
                            "acquired " + name + " false",
                            "refused " + name,
                            "released " + name + " true",
                            "acquired " + name + " true",
                            "released " + name + " false");
        }
    }
}
