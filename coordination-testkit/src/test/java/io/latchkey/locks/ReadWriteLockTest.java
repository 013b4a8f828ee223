package io.latchkey.locks;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DistributedReadWriteLock;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Readers together, a writer alone, in the order of arrival; and from one to the other. */
@Timeout(60)
class ReadWriteLockTest {
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

    private static Lease get(CompletableFuture<Lease> future) throws Exception {
        return future.get(20, SECONDS);
    }

    private static void awaitWaiters(String name, int count) {
        Waiting.awaitWaiters(POSTGRES.database(), name, count);
    }

    @Test
    void readers_shareIt_andWritersAreKeptOut() throws InterruptedException {
        DistributedReadWriteLock here = first.readWriteLock("shared");
        DistributedReadWriteLock there = second.readWriteLock("shared");
        try (Lease one = here.readLock().acquire();
                Lease two = there.readLock().tryAcquire().orElseThrow()) {
            assertThat(two.fencingToken()).isGreaterThan(one.fencingToken());
            assertThat(there.writeLock().tryAcquire()).isEmpty();
            assertThat(second.lock("shared").tryAcquire())
                    .as("the plain lock is its write side")
                    .isEmpty();
        }
        try (Lease write = there.writeLock().tryAcquire(LONG).orElseThrow()) {
            assertThat(here.readLock().tryAcquire()).isEmpty();
            assertThat(write.isValid()).isTrue();
        }
        here.readLock().tryAcquire(LONG).orElseThrow().close();
    }

    @Test
    void readersBehindWaitingWriter_waitForIt_andThenComeInTogether() throws Exception {
        DistributedReadWriteLock here = first.readWriteLock("fair");
        DistributedReadWriteLock there = second.readWriteLock("fair");
        Lease reader = here.readLock().acquire();
        CompletableFuture<Lease> writer = there.writeLock().acquireAsync();
        awaitWaiters("fair", 1);
        assertThat(here.readLock().tryAcquire()).as("would pass the writer").isEmpty();
        CompletableFuture<Lease> later = here.readLock().acquireAsync();
        CompletableFuture<Lease> evenLater = there.readLock().acquireAsync();
        awaitWaiters("fair", 3);
        reader.release();
        Lease write = get(writer);
        assertThat(later).isNotDone();
        write.release();
        try (Lease one = get(later);
                Lease two = get(evenLater)) {
            assertThat(one.isValid() && two.isValid()).isTrue();
            assertThat(Math.min(one.fencingToken(), two.fencingToken())).isGreaterThan(write.fencingToken());
        }
    }

    @Test
    void writerThatGivesUp_letsTheReadersBehindItIn() throws Exception {
        DistributedReadWriteLock here = first.readWriteLock("given up");
        DistributedReadWriteLock there = second.readWriteLock("given up");
        Lease reader = here.readLock().acquire();
        CompletableFuture<Lease> writer = there.writeLock().acquireAsync();
        awaitWaiters("given up", 1);
        CompletableFuture<Lease> later = here.readLock().acquireAsync();
        awaitWaiters("given up", 2);
        writer.cancel(false);
        get(later).close();
        reader.close();
        assertThat(there.writeLock().tryAcquire(LONG)).isPresent();
    }

    @Test
    void downgrade_letsReadersIn_andNoWriterBetween() throws Exception {
        DistributedReadWriteLock here = first.readWriteLock("down");
        DistributedReadWriteLock there = second.readWriteLock("down");
        Lease write = here.writeLock().acquire();
        CompletableFuture<Lease> reader = there.readLock().acquireAsync();
        awaitWaiters("down", 1);
        CompletableFuture<Lease> writer = there.writeLock().acquireAsync();
        awaitWaiters("down", 2);
        Lease read = here.downgrade(write);
        assertThat(write.isValid()).isFalse();
        assertThat(write.release()).isFalse();
        assertThat(read.fencingToken()).isGreaterThan(write.fencingToken());
        Lease other = get(reader);
        assertThat(writer).isNotDone();
        other.close();
        read.close();
        get(writer).close();
        assertThatThrownBy(() -> here.downgrade(write)).isInstanceOf(LeaseLostException.class);
    }

    @Test
    void upgrade_ofTheOnlyReader_isGranted_andOfOneOfTwoRefused() throws Exception {
        DistributedReadWriteLock here = first.readWriteLock("up");
        DistributedReadWriteLock there = second.readWriteLock("up");
        Lease one = here.readLock().acquire();
        Lease two = there.readLock().acquire();
        assertThat(here.tryUpgrade(one)).isEmpty();
        assertThat(there.tryUpgrade(two)).isEmpty();
        assertThat(one.isValid() && two.isValid()).isTrue();
        two.close();
        Lease write = here.tryUpgrade(one).orElseThrow();
        assertThat(one.isValid()).isFalse();
        assertThat(there.readLock().tryAcquire()).isEmpty();
        write.close();
        there.writeLock().tryAcquire(LONG).orElseThrow().close();
    }

    @Test
    void waitForOneself_isRefused() throws InterruptedException {
        DistributedReadWriteLock lock = first.readWriteLock("self");
        try (Lease read = lock.readLock().acquire()) {
            assertThatThrownBy(() -> lock.writeLock().acquire())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("self")
                    .hasMessageContaining("tryUpgrade");
            assertThat(read.isValid()).isTrue();
        }
        try (Lease write = lock.writeLock().acquire()) {
            assertThatThrownBy(() -> lock.readLock().acquire())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("downgrade");
            assertThat(write.isValid()).isTrue();
        }
        lock.writeLock().acquire().close();
    }
}
