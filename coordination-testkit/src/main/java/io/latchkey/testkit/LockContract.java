package io.latchkey.testkit;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What every lock of Latchkey does, whatever interface it wears. An adapter's test extends this class and supplies clients;
 * what the interface cannot say (a token, a name of the contract) it leaves to the adapter's own tests.
 */
@Timeout(60)
public abstract class LockContract {
    private static final Duration LONG = Duration.ofSeconds(20);

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<LockClient> clients = new ArrayList<>();
    private LockClient first = LockClient.NONE;
    private LockClient second = LockClient.NONE;

    /** A process's view of the locks, as independent of others as if it ran elsewhere. */
    public interface LockClient extends AutoCloseable {
        /** Stands for a client that is not there yet. */
        LockClient NONE = new LockClient() {
            @Override
            public Optional<Held> tryLock(String name, Duration wait) {
                throw new IllegalStateException("no client yet");
            }

            @Override
            public void close() {}
        };

        /**
         * Takes a lock.
         *
         * @param name its name
         * @param wait how long to wait at most, zero: not at all
         */
        Optional<Held> tryLock(String name, Duration wait) throws InterruptedException;

        @Override
        void close();
    }

    /** A lock that is held. */
    public interface Held {
        /** The number of the grant. */
        long fencingToken();

        /** Whether it is held for sure. */
        boolean isValid();

        /** Gives it back. */
        void release();
    }

    /** Creates a client of the same database as the ones before. */
    protected abstract LockClient newClient();

    /** The database of the clients, to see who waits. */
    protected abstract TestDatabase database();

    /** Names that this kind of client refuses. */
    protected List<String> namesThatAreNone() {
        return List.of("", "x".repeat(513), "a\0b", "lone \uD800 surrogate");
    }

    /** What the adapter makes of a name. */
    protected String nameInDatabase(String name) {
        return name;
    }

    /** A name that no other test uses. */
    protected final String uniqueName() {
        return "contract/" + System.nanoTime();
    }

    @BeforeEach
    final void connect() {
        first = client();
        second = client();
    }

    @AfterEach
    final void disconnect() throws InterruptedException {
        threads.shutdownNow();
        clients.forEach(LockClient::close);
        assertThat(threads.awaitTermination(20, SECONDS)).isTrue();
    }

    private LockClient client() {
        LockClient client = newClient();
        clients.add(client);
        return client;
    }

    private static Held taken(LockClient client, String name) throws InterruptedException {
        return client.tryLock(name, LONG).orElseThrow();
    }

    @Test
    void lock_whileHeld_isRefusedToOthers() throws InterruptedException {
        String name = uniqueName();
        Held held = taken(first, name);
        assertThat(held.isValid()).isTrue();
        assertThat(second.tryLock(name, Duration.ZERO)).isEmpty();
        assertThat(second.tryLock(name, Duration.ofMillis(100))).isEmpty();
        held.release();
        assertThat(held.isValid()).isFalse();
        assertThat(second.tryLock(name, Duration.ZERO)).isPresent();
    }

    @Test
    void lock_ofAnotherName_isFree() throws InterruptedException {
        String name = uniqueName();
        List<String> names = List.of(
                name,
                name + " ",
                name.toUpperCase(java.util.Locale.ROOT),
                name + "'; DROP SCHEMA latchkey; --",
                name + "é",
                name + "e\u0301");
        for (String each : names) {
            assertThat(first.tryLock(each, Duration.ZERO)).as(each).isPresent();
        }
        for (String each : names) {
            assertThat(second.tryLock(each, Duration.ZERO)).as(each).isEmpty();
        }
    }

    @Test
    void token_ofEachGrant_isHigher() throws InterruptedException {
        String name = uniqueName();
        long last = 0;
        for (int i = 0; i < 20; i++) {
            Held held = taken(i % 2 == 0 ? first : second, name);
            assertThat(held.fencingToken()).isGreaterThan(last);
            last = held.fencingToken();
            held.release();
        }
    }

    @Test
    void release_withWaiter_handsOverAtOnce() throws Exception {
        String name = uniqueName();
        Held held = taken(first, name);
        Future<Held> waiting = threads.submit(() -> taken(second, name));
        awaitWaiters(name, 1);
        long start = System.nanoTime();
        held.release();
        Held next = waiting.get(20, SECONDS);
        // Far below any polling interval, far above what a busy machine needs.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        assertThat(next.isValid()).isTrue();
    }

    /** Until so many wait for this lock, as the database sees it. */
    private void awaitWaiters(String name, int count) {
        await().atMost(LONG).until(() -> {
            try (Connection connection = database().connect();
                    PreparedStatement query =
                            connection.prepareStatement("SELECT count(*) FROM latchkey.waiters WHERE name = ?")) {
                query.setString(1, nameInDatabase(name));
                try (ResultSet row = query.executeQuery()) {
                    return row.next() && row.getInt(1) == count;
                }
            }
        });
    }

    @Test
    void secondRelease_doesNotFreeTheNextHolder() throws InterruptedException {
        String name = uniqueName();
        Held held = taken(first, name);
        held.release();
        Held next = taken(second, name);
        try {
            held.release();
        } catch (RuntimeException e) {
            assertThat(e).isNotNull(); // refusing it is as good as ignoring it
        }
        assertThat(next.isValid()).isTrue();
        assertThat(first.tryLock(name, Duration.ZERO)).isEmpty();
    }

    @Test
    void close_ofTheHolder_letsTheNextIn() throws Exception {
        String name = uniqueName();
        Held held = taken(first, name);
        Future<Held> waiting = threads.submit(() -> taken(second, name));
        awaitWaiters(name, 1);
        first.close();
        assertThat(waiting.get(20, SECONDS).fencingToken()).isGreaterThan(held.fencingToken());
        assertThat(held.isValid()).isFalse();
    }

    @Test
    void interrupt_whileWaiting_leavesNothingBehind() throws Exception {
        String name = uniqueName();
        Held held = taken(first, name);
        List<Thread> waiter = Collections.synchronizedList(new ArrayList<>());
        Future<?> waiting = threads.submit(() -> {
            waiter.add(Thread.currentThread());
            assertThatThrownBy(() -> taken(second, name)).isInstanceOf(InterruptedException.class);
        });
        awaitWaiters(name, 1);
        waiter.get(0).interrupt();
        waiting.get(20, SECONDS);
        held.release();
        // Whoever waited does not get it, and it does not stay with a ghost.
        await().atMost(Duration.ofSeconds(10))
                .until(() -> client().tryLock(name, Duration.ZERO).isPresent());
    }

    @Test
    void timeOut_whileWaiting_leavesNothingBehind() throws InterruptedException {
        String name = uniqueName();
        Held held = taken(first, name);
        for (int i = 0; i < 5; i++) {
            assertThat(second.tryLock(name, Duration.ofMillis(30))).isEmpty();
        }
        held.release();
        await().atMost(Duration.ofSeconds(10))
                .until(() -> first.tryLock(name, Duration.ZERO).isPresent());
    }

    @Test
    void manyThreadsOfTwoClients_excludeEachOther() throws Exception {
        String name = uniqueName();
        AtomicInteger inside = new AtomicInteger();
        List<Long> tokens = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> runs = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            LockClient client = i % 2 == 0 ? first : second;
            runs.add(threads.submit(() -> {
                for (int turn = 0; turn < 25; turn++) {
                    Held held = taken(client, name);
                    assertThat(inside.incrementAndGet()).isEqualTo(1);
                    tokens.add(held.fencingToken());
                    inside.decrementAndGet();
                    held.release();
                }
                return null;
            }));
        }
        for (Future<?> run : runs) {
            run.get(50, SECONDS);
        }
        assertThat(tokens).hasSize(16 * 25).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void waiters_areServedInTheOrderOfArrival() throws Exception {
        String name = uniqueName();
        Held held = taken(first, name);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> waiting = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int number = i;
            LockClient client = i % 2 == 0 ? first : second;
            Future<?> run = threads.submit(() -> {
                Held mine = taken(client, name);
                order.add(number);
                mine.release();
                return null;
            });
            waiting.add(run);
            awaitWaiters(name, i + 1);
        }
        held.release();
        for (Future<?> run : waiting) {
            run.get(20, SECONDS);
        }
        assertThat(order).containsExactly(0, 1, 2, 3, 4, 5);
    }

    @Test
    void name_thatIsNoName_isRefused() {
        for (String name : namesThatAreNone()) {
            assertThatThrownBy(() -> first.tryLock(name, Duration.ZERO))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("name");
        }
    }
}
