package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Many registries, many threads: one at a time, none forgotten, and no more connections than for one. */
@Timeout(120)
@SuppressWarnings("LockNotBeforeTry")
class ManyRegistriesTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @RegisterExtension
    final Threads threads = new Threads();

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
    void twentyThreadsOfTwoRegistries_aHundredTimes_oneAtATime() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger turns = new AtomicInteger();
        for (int round = 0; round < 100; round++) {
            List<LatchkeyLockRegistry> registries =
                    List.of(new LatchkeyLockRegistry(first), new LatchkeyLockRegistry(second));
            CountDownLatch start = new CountDownLatch(1);
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                LatchkeyLock lock = registries.get(i % 2).obtain("round");
                runs.add(threads.start(() -> {
                    start.await();
                    assertThat(lock.tryLock(Long.MAX_VALUE, MILLISECONDS)).isTrue();
                    assertThat(inside.incrementAndGet()).isEqualTo(1);
                    turns.incrementAndGet();
                    inside.decrementAndGet();
                    lock.unlock();
                    return null;
                }));
            }
            start.countDown();
            for (Future<?> run : runs) {
                run.get(60, SECONDS);
            }
        }
        assertThat(turns).hasValue(2000);
    }

    @Test
    void twoThousandRegistries_shareOneListeningConnection() throws Exception {
        LatchkeyLockRegistry holder = new LatchkeyLockRegistry(second);
        holder.obtain("crowd").lock();
        List<LatchkeyLock> locks = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            locks.add(new LatchkeyLockRegistry(first).obtain(i % 10 == 0 ? "crowd" : "own/" + i));
        }
        List<Future<?>> waiting = new ArrayList<>();
        for (int i = 0; i < locks.size(); i++) {
            LatchkeyLock lock = locks.get(i);
            if (i % 10 == 0) {
                waiting.add(threads.start(() -> {
                    lock.lock();
                    lock.unlock();
                    return null;
                }));
            } else {
                lock.lock();
            }
        }
        // Two clients: two connections for calls each at the most, one that renews and listens, and this test's
        assertThat(connections()).isLessThanOrEqualTo(2 * 3 + 1);
        holder.obtain("crowd").unlock();
        for (Future<?> each : waiting) {
            each.get(60, SECONDS);
        }
        for (int i = 0; i < locks.size(); i++) {
            if (i % 10 != 0) {
                locks.get(i).unlock();
            }
        }
    }

    private static int connections() throws SQLException {
        try (Connection connection = POSTGRES.database().connect();
                var row = connection
                        .createStatement()
                        .executeQuery("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND backend_type = 'client backend'")) {
            row.next();
            return row.getInt(1);
        }
    }

    @Test
    void locksThatNobodyUses_areForgotten() {
        WeakValues<Object> values = new WeakValues<>();
        for (int i = 0; i < 1000; i++) {
            values.get("key" + i, key -> new Object());
        }
        Object kept = values.get("kept", key -> new Object());
        org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> {
            System.gc();
            return values.size() == 1;
        });
        assertThat(values.get("kept", key -> new Object())).isSameAs(kept);
    }
}
