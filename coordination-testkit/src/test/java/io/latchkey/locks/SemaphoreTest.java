package io.latchkey.locks;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.DistributedSemaphore;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Permits through the client. */
@Timeout(60)
class SemaphoreTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static final Duration LONG = Duration.ofSeconds(20);

    @SuppressWarnings("NullAway.Init")
    private Latchkey first;

    @SuppressWarnings("NullAway.Init")
    private Latchkey second;

    @BeforeEach
    void connect() {
        first = Latchkey.connect(POSTGRES.database().url());
        second = Latchkey.connect(POSTGRES.database().url());
    }

    @AfterEach
    void close() {
        first.close();
        second.close();
    }

    @Test
    void permits_areShared_andComeBackWithTheirLease() throws Exception {
        DistributedSemaphore here = first.semaphore("pool", 3);
        DistributedSemaphore there = second.semaphore("pool", 3);
        assertThat(here.permits()).as("nobody has used it yet").isEqualTo(3);
        Lease two = here.acquire(2);
        Lease one = there.tryAcquire().orElseThrow();
        assertThat(here.available()).isZero();
        assertThat(here.tryAcquire()).isEmpty();
        assertThat(there.tryAcquire(Duration.ofMillis(50))).isEmpty();
        CompletableFuture<Lease> waiting = there.acquireAsync(2);
        Waiting.awaitWaiters(POSTGRES.database(), "pool", 1);
        one.release();
        assertThat(here.tryAcquire())
                .as("would pass the one that waits for two")
                .isEmpty();
        two.release();
        try (Lease got = waiting.get(20, SECONDS)) {
            assertThat(got.fencingToken()).isGreaterThan(two.fencingToken());
            assertThat(here.available()).isEqualTo(1);
        }
    }

    @Test
    void setPermits_wakesThoseWhoWait_andRefusesWhoAsksForMore() throws Exception {
        DistributedSemaphore here = first.semaphore("resized", 2);
        DistributedSemaphore there = second.semaphore("resized", 2);
        Lease both = here.acquire(2);
        CompletableFuture<Lease> one = there.acquireAsync();
        Waiting.awaitWaiters(POSTGRES.database(), "resized", 1);
        here.setPermits(3);
        Lease third = one.get(5, SECONDS); // told at once, and not with the next renewal
        assertThat(there.permits()).isEqualTo(3);
        CompletableFuture<Lease> three = there.acquireAsync(3);
        Waiting.awaitWaiters(POSTGRES.database(), "resized", 1);
        here.setPermits(1);
        assertThatThrownBy(() -> three.get(5, SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(CoordinationException.class)
                .hasMessageContaining("3 permits were asked for, and the semaphore has 1");
        assertThat(both.isValid() && third.isValid()).isTrue();
        assertThat(here.available()).isEqualTo(-2);
        both.release();
        assertThat(here.tryAcquire()).isEmpty();
        third.release();
        here.tryAcquire(LONG).orElseThrow().close();
        Waiting.awaitWaiters(POSTGRES.database(), "resized", 0);
    }

    @Test
    void wrongUse_isRefused() throws InterruptedException {
        assertThatThrownBy(() -> first.semaphore("bad", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> first.semaphore("", 1)).isInstanceOf(IllegalArgumentException.class);
        DistributedSemaphore semaphore = first.semaphore("strict", 2);
        assertThatThrownBy(() -> semaphore.acquire(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> semaphore.setPermits(-1)).isInstanceOf(IllegalArgumentException.class);
        semaphore.acquire().close();
        assertThatThrownBy(() -> semaphore.acquire(3))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("3 permits");
        assertThatThrownBy(() -> first.lock("strict").acquire())
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("semaphore");
        assertThatThrownBy(() -> first.readWriteLock("strict").readLock().tryAcquire())
                .isInstanceOf(CoordinationException.class);
        second.semaphore("strict", 7).acquire(2).close(); // a warning, and what is stored counts
        assertThat(second.semaphore("strict", 7).permits()).isEqualTo(2);
    }

    @Test
    void fencedPermit_staysInUseUntilTheCommit() throws Exception {
        DistributedSemaphore here = first.semaphore("fenced", 1);
        Lease lease = here.acquire();
        try (Connection connection = POSTGRES.database().connect()) {
            connection.setAutoCommit(false);
            lease.fence(connection);
            assertThat(lease.release()).isTrue();
            CompletableFuture<Lease> next = second.semaphore("fenced", 1).acquireAsync();
            Waiting.awaitWaiters(POSTGRES.database(), "fenced", 1);
            assertThat(next).isNotDone();
            connection.commit();
            next.get(2, SECONDS).close(); // the releasing client settles it
        }
    }
}
