package io.latchkey.locks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.MultiLease;
import io.latchkey.MultiLock;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several locks as one: all or nothing, in one order, under one deadline. */
@Timeout(90)
final class MultiLockTest {
    private static final int TIMEOUT_MS = 5_000;

    @SuppressWarnings("NullAway.Init")
    private static TestDatabase database;

    @SuppressWarnings("NullAway.Init")
    private static Latchkey ann;

    @SuppressWarnings("NullAway.Init")
    private static Latchkey ben;

    private final String prefix = "multi-" + System.nanoTime() + "-";

    @BeforeAll
    static void connect() {
        database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
        ann = Scene.client(database.url(), "ann", TIMEOUT_MS).connect();
        ben = Scene.client(database.url(), "ben", TIMEOUT_MS).connect();
    }

    @AfterAll
    static void disconnect() {
        ann.close();
        ben.close();
        database.close();
    }

    private MultiLock lock(Latchkey client, String... names) {
        List<String> full = new ArrayList<>();
        for (String name : names) {
            full.add(prefix + name);
        }
        return client.multiLock(full);
    }

    private boolean isFree(String name) {
        return ben.lock(prefix + name).tryAcquire().map(Lease::release).orElse(false);
    }

    @Test
    void acquire_takesAllOfThem_andReleaseGivesAllBack() throws Exception {
        try (MultiLease lease = lock(ann, "b", "a", "b", "ä", "😀", "\uFB01").acquire()) {
            assertThat(lease.leases()).hasSize(5).allMatch(Lease::isValid);
            assertThat(lease.isValid()).isTrue();
            assertThat(lease.remaining()).isPositive();
            assertThat(lease.fencingToken(prefix + "ä")).isPositive();
            assertThatThrownBy(() -> lease.fencingToken("none")).isInstanceOf(IllegalArgumentException.class);
            assertThat(isFree("😀")).isFalse();
            try (Connection connection = database.connect()) {
                connection.setAutoCommit(false);
                lease.fence(connection);
                connection.commit();
                assertThat(lease.release()).isTrue();
                assertThat(lease.release()).isFalse();
                assertThatThrownBy(() -> lease.fence(connection)).isInstanceOf(LeaseLostException.class);
            }
            assertThat(lease.isValid()).isFalse();
            assertThat(lease.remaining()).isZero();
        }
        for (String name : List.of("a", "b", "ä", "😀", "\uFB01")) {
            assertThat(isFree(name)).isTrue();
        }
        assertThatThrownBy(() -> ann.multiLock()).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ann.multiLock("a", "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tryAcquire_ifOneIsTaken_takesNone_andWritesNothing() throws Exception {
        lock(ann, "a", "b", "c").acquire().close();
        Lease taken = ben.lock(prefix + "b").acquire();
        long before = Scene.number(database.address(), "SELECT sum(xmin::text::bigint) FROM latchkey._lock");
        assertThat(lock(ann, "a", "b", "c").tryAcquire()).isEmpty();
        assertThat(lock(ann, "a", "b", "c").tryAcquire(Duration.ZERO)).isEmpty();
        assertThat(Scene.number(database.address(), "SELECT sum(xmin::text::bigint) FROM latchkey._lock"))
                .isEqualTo(before);
        taken.release();
        assertThat(lock(ann, "a", "b", "c").tryAcquire()).isPresent();
    }

    @Test
    void release_ofOneOfThem_makesTheWholeInvalid() throws Exception {
        MultiLease lease = lock(ann, "a", "b").acquire();
        lease.leases().get(0).release();
        assertThat(lease.isValid()).isFalse();
        assertThat(lease.release()).isFalse();
        assertThat(isFree("b")).isTrue();
    }

    @Test
    void acquire_waitsForOneAfterTheOther_andTheDeadlineIsForAllOfThem() throws Exception {
        Lease a = ben.lock(prefix + "a").acquire();
        Lease c = ben.lock(prefix + "c").acquire();
        Lease e = ben.lock(prefix + "e").acquire();
        CompletableFuture<List<Long>> tooLate = new CompletableFuture<>();
        Thread waiter = new Thread(() -> {
            try {
                long start = System.nanoTime();
                assertThat(lock(ann, "a", "b", "c", "d", "e").tryAcquire(Duration.ofMillis(1_500)))
                        .isEmpty();
                tooLate.complete(List.of(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)));
            } catch (InterruptedException | AssertionError failure) {
                tooLate.completeExceptionally(failure);
            }
        });
        waiter.start();
        Scene.awaitWaiting(database.address(), prefix + "a", 1);
        TimeUnit.MILLISECONDS.sleep(1_200);
        a.release();
        Scene.awaitWaiting(database.address(), prefix + "c", 1);
        assertThat(isFree("b")).as("held while it waits for the next").isFalse();
        assertThat(tooLate.get(20, TimeUnit.SECONDS).get(0)).isBetween(1_480L, 2_400L);
        for (String name : List.of("a", "b", "d")) {
            await().until(() -> isFree(name));
        }
        Scene.awaitWaiting(database.address(), prefix + "%", 0);

        CompletableFuture<MultiLease> acquired = new CompletableFuture<>();
        Thread patient = new Thread(() -> {
            try {
                acquired.complete(lock(ann, "a", "b", "c", "d", "e").acquire());
            } catch (InterruptedException failure) {
                acquired.completeExceptionally(failure);
            }
        });
        patient.start();
        Scene.awaitWaiting(database.address(), prefix + "c", 1);
        c.release();
        Scene.awaitWaiting(database.address(), prefix + "e", 1);
        e.release();
        try (MultiLease lease = acquired.get(20, TimeUnit.SECONDS)) {
            assertThat(lease.isValid()).isTrue();
        }
    }

    @Test
    void interrupt_whileItWaits_leavesNothingBehind() throws Exception {
        Lease taken = ben.lock(prefix + "b").acquire();
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread waiter = new Thread(() -> {
            try {
                lock(ann, "a", "b", "c").acquire();
                interrupted.complete(false);
            } catch (InterruptedException e) {
                interrupted.complete(true);
            }
        });
        waiter.start();
        Scene.awaitWaiting(database.address(), prefix + "b", 1);
        waiter.interrupt();
        assertThat(interrupted.get(20, TimeUnit.SECONDS)).isTrue();
        Scene.awaitWaiting(database.address(), prefix + "%", 0);
        await().until(() -> isFree("a"));
        taken.release();
    }

    @Test
    void sessionThatIsLostWhileItWaits_startsFromTheBeginning() throws Exception {
        Lease taken = ben.lock(prefix + "b").acquire();
        try (Latchkey client = Scene.client(database.url(), "ended", 1_000).connect()) {
            CompletableFuture<MultiLease> acquired = new CompletableFuture<>();
            Thread waiter = new Thread(() -> {
                try {
                    acquired.complete(lock(client, "a", "b").acquire());
                } catch (InterruptedException | RuntimeException e) {
                    acquired.completeExceptionally(e);
                }
            });
            waiter.start();
            Scene.awaitWaiting(database.address(), prefix + "b", 1);
            Object session = Scene.text(database.address(), "SELECT id FROM latchkey._session WHERE holder = 'ended'");
            database.execute("DELETE FROM latchkey._session WHERE holder = 'ended'");
            Scene.eventually(() -> Scene.number(
                            database.address(),
                            "SELECT count(*) FROM latchkey._session s JOIN latchkey._waiter w ON w.session = s.id"
                                    + " WHERE holder = 'ended' AND id <> '" + session + "'")
                    == 1);
            Lease stolen = ben.lock(prefix + "a").tryAcquire().orElseThrow();
            taken.release();
            Scene.awaitWaiting(database.address(), prefix + "a", 1);
            stolen.release();
            MultiLease lease = acquired.get(20, TimeUnit.SECONDS);
            assertThat(lease.isValid()).isTrue();
            AtomicInteger lost = new AtomicInteger();
            lease.onLost(lost::incrementAndGet);
            database.execute("DELETE FROM latchkey._session WHERE holder = 'ended'");
            await().until(() -> lost.get() > 0);
            assertThat(lease.isValid()).isFalse();
            await().during(Duration.ofMillis(100)).until(() -> lost.get() == 1);
        }
    }

    @Test
    void overlappingSets_ofManyThreads_neverDeadlock_andExcludeEachOther() throws Exception {
        int names = 6;
        AtomicInteger[] holders = new AtomicInteger[names];
        for (int i = 0; i < names; i++) {
            holders[i] = new AtomicInteger();
        }
        AtomicInteger turns = new AtomicInteger();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            Latchkey client = t % 2 == 0 ? ann : ben;
            Random random = new Random(t);
            Thread thread = new Thread(() -> {
                try {
                    for (int turn = 0; turn < 60; turn++) {
                        List<Integer> set = new ArrayList<>();
                        List<String> wanted = new ArrayList<>();
                        for (int i = 0; i < names; i++) {
                            if (random.nextInt(2) == 0) {
                                set.add(i);
                                wanted.add(prefix + i);
                            }
                        }
                        if (wanted.isEmpty()) {
                            continue;
                        }
                        Collections.shuffle(wanted, random);
                        try (MultiLease lease = client.multiLock(wanted)
                                .tryAcquire(Scene.PATIENCE)
                                .orElseThrow(() -> new AssertionError("dead-lock"))) {
                            for (int i : set) {
                                assertThat(holders[i].incrementAndGet()).isOne();
                            }
                            assertThat(lease.isValid()).isTrue();
                            set.forEach(i -> holders[i].decrementAndGet());
                        }
                        turns.incrementAndGet();
                    }
                } catch (InterruptedException | RuntimeException | Error e) {
                    failures.add(e);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(turns.get()).isGreaterThan(400);
        Scene.awaitWaiting(database.address(), prefix + "%", 0);
        for (int i = 0; i < names; i++) {
            String name = Integer.toString(i);
            await().until(() -> isFree(name));
        }
    }
}
