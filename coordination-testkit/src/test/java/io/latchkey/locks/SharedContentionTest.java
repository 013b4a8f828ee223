package io.latchkey.locks;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.DistributedReadWriteLock;
import io.latchkey.DistributedSemaphore;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many threads of several clients, in every way at once, watched from inside. */
@Timeout(120)
class SharedContentionTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static final int CLIENTS = 3;
    private static final int THREADS = 5;
    private static final int TURNS = 120;
    private static final int PERMITS = 5;

    private final List<Latchkey> clients = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void close() {
        threads.shutdownNow();
        clients.forEach(Latchkey::close);
    }

    /** What one thread does with its client. */
    private interface Part {
        void play(Latchkey latchkey, SplittableRandom random) throws Exception;
    }

    private void playTogether(Part part) throws Exception {
        List<Future<?>> runs = new ArrayList<>();
        for (int c = 0; c < CLIENTS; c++) {
            Latchkey latchkey = Latchkey.connect(POSTGRES.database().url());
            clients.add(latchkey);
            for (int t = 0; t < THREADS; t++) {
                SplittableRandom random = new SplittableRandom(c * 100L + t);
                Callable<Void> run = () -> {
                    for (int turn = 0; turn < TURNS; turn++) {
                        part.play(latchkey, random);
                    }
                    return null;
                };
                runs.add(threads.submit(run));
            }
        }
        for (Future<?> run : runs) {
            run.get(100, SECONDS);
        }
    }

    @Test
    void writersOverlapWithNobody_readersOnlyWithReaders() throws Exception {
        AtomicInteger readers = new AtomicInteger();
        AtomicInteger writers = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicLong lastWrite = new AtomicLong();
        playTogether((latchkey, random) -> {
            DistributedReadWriteLock lock = latchkey.readWriteLock("mixed");
            int what = random.nextInt(10);
            if (what < 3) {
                Lease write = lock.writeLock().acquire();
                assertThat(writers.incrementAndGet()).isEqualTo(1);
                assertThat(readers.get()).isZero();
                assertThat(write.fencingToken()).isGreaterThan(lastWrite.getAndSet(write.fencingToken()));
                writers.decrementAndGet();
                if (what == 0) {
                    write = lock.downgrade(write);
                    readers.incrementAndGet();
                    assertThat(writers.get()).isZero();
                    readers.decrementAndGet();
                }
                assertThat(write.release()).isTrue();
            } else {
                Lease read = lock.readLock().acquire();
                int together = readers.incrementAndGet();
                most.accumulateAndGet(together, Math::max);
                assertThat(writers.get()).isZero();
                assertThat(read.fencingToken()).isGreaterThan(lastWrite.get());
                readers.decrementAndGet();
                if (what == 9) {
                    Lease write = lock.tryUpgrade(read).orElse(null);
                    if (write != null) {
                        assertThat(writers.incrementAndGet()).isEqualTo(1);
                        assertThat(readers.get()).isZero();
                        assertThat(write.fencingToken()).isGreaterThan(lastWrite.getAndSet(write.fencingToken()));
                        writers.decrementAndGet();
                        read = write;
                    }
                }
                assertThat(read.release()).isTrue();
            }
        });
        assertThat(most).as("readers at the same time").hasValueGreaterThan(1);
        assertNothingIsLeft();
    }

    @Test
    void permitsInUse_areNeverMoreThanThereAre() throws Exception {
        AtomicInteger inUse = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        playTogether((latchkey, random) -> {
            DistributedSemaphore semaphore = latchkey.semaphore("pool", PERMITS);
            int weight = 1 + random.nextInt(3);
            try (Lease lease = semaphore.acquire(weight)) {
                int now = inUse.addAndGet(weight);
                most.accumulateAndGet(now, Math::max);
                assertThat(now).isLessThanOrEqualTo(PERMITS);
                assertThat(lease.isValid()).isTrue();
                inUse.addAndGet(-weight);
            }
        });
        assertThat(most).hasValueGreaterThan(1);
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() throws Exception {
        try (var connection = POSTGRES.database().connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT (SELECT count(*) FROM latchkey._shares),"
                        + " (SELECT count(*) FROM latchkey.waiters), (SELECT sum(taken) FROM latchkey._lock)")) {
            row.next();
            assertThat(row.getInt(1)).as("shares").isZero();
            assertThat(row.getInt(2)).as("waiters").isZero();
            assertThat(row.getInt(3)).as("taken").isZero();
        }
    }
}
