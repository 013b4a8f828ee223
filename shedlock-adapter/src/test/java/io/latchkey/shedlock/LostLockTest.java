package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockExtender;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Locks that are kept alive, locks that end under their task, and who is told. */
class LostLockTest extends ProviderTest {
    private static final Duration LENGTH = Duration.ofMillis(400);

    private void run(LatchkeyLockProvider provider, Duration atMost, Runnable task) {
        new DefaultLockingTaskExecutor(provider).executeWithLock(task, time(atMost));
    }

    private LatchkeyLockProvider provider(LostLockAction action) {
        return LatchkeyLockProvider.builder(connect()).whenLost(action).build();
    }

    private static void awaitInterrupt() {
        assertThatThrownBy(() -> new CountDownLatch(1).await(SOON.toMillis(), TimeUnit.MILLISECONDS))
                .isInstanceOf(InterruptedException.class);
    }

    private boolean isOutlived(Duration length) {
        return LockRows.ask(
                        database(),
                        "SELECT ends_at - held_since > ?::interval FROM latchkey.locks WHERE name = ?",
                        length.toMillis() + " ms",
                        job)
                .equals("t");
    }

    @Test
    void keepAlive_outlivesLockAtMostFor_andEndsWithTheTask() {
        LatchkeyLockProvider provider =
                LatchkeyLockProvider.builder(connect()).keepAlive(true).build();
        run(provider, LENGTH, () -> {
            await().atMost(SOON).until(() -> isOutlived(LENGTH.multipliedBy(3)));
            assertThat(LatchkeyLock.current().isValid()).isTrue();
            assertThat(provider.lock(time(MINUTE))).isEmpty();
        });
        assertFree(provider);
    }

    @Test
    void keepAlive_afterTheTaskExtendedItself_goesOnWithThatTime() {
        LatchkeyLockProvider provider =
                LatchkeyLockProvider.builder(connect()).keepAlive(true).build();
        run(provider, MINUTE, () -> {
            LockExtender.extendActiveLock(LENGTH, Duration.ZERO);
            await().atMost(SOON).until(() -> isOutlived(LENGTH.multipliedBy(3)));
            assertThat(LatchkeyLock.current().remaining()).isBetween(Duration.ofNanos(1), LENGTH);
        });
        assertFree(provider);
    }

    @Test
    void lockThatEnds_interruptsItsTask() {
        run(provider(LostLockAction.INTERRUPT), LENGTH, () -> {
            awaitInterrupt();
            assertThat(LatchkeyLock.current().isValid()).isFalse();
        });
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void lockThatWasTakenFromItsHolder_interruptsItsTask_withKeepAlive() {
        LatchkeyLockProvider provider = LatchkeyLockProvider.builder(connect())
                .keepAlive(true)
                .whenLost(LostLockAction.INTERRUPT)
                .build();
        run(provider, Duration.ofSeconds(3), () -> {
            database().execute("UPDATE latchkey._lock SET expires_at = clock_timestamp() WHERE name = '" + job + "'");
            awaitInterrupt(); // after a third of its length, and not after all of it
        });
    }

    @Test
    void databaseOutOfReach_interruptsTheTask_beforeOthersCanHaveTheLock() {
        try (TcpProxy network = TcpProxy.to(database().address())) {
            Latchkey cutOff =
                    connect(database().address().withPort(network.port()).url());
            LatchkeyLockProvider provider = LatchkeyLockProvider.builder(cutOff)
                    .keepAlive(true)
                    .whenLost(LostLockAction.INTERRUPT)
                    .build();
            LatchkeyLockProvider others = provider();
            // The client gives up half a second before the database does: so long may the two looks take.
            run(provider, Duration.ofSeconds(5), () -> {
                network.blackHole();
                awaitInterrupt();
                assertThat(isLocked()).isTrue();
                assertThat(others.lock(time(MINUTE))).isEmpty();
                network.heal();
            });
        }
    }

    @Test
    void callbacks_areToldOnce_thoseOfTheTaskToo() {
        List<String> told = new CopyOnWriteArrayList<>();
        run(provider(lock -> told.add("provider " + lock.name())), LENGTH, () -> {
            LatchkeyLock lock = LatchkeyLock.current();
            lock.onLost(() -> {
                throw new IllegalStateException("a bad action");
            });
            lock.onLost(() -> told.add("task"));
            await().atMost(SOON).until(() -> told.size() == 2);
            lock.onLost(() -> told.add("late"));
        });
        assertThat(told).containsExactly("provider " + job, "task", "late");
    }

    @Test
    void unlock_isNoLoss() {
        List<String> told = new CopyOnWriteArrayList<>();
        LatchkeyLockProvider provider = provider(lock -> told.add(lock.name()));
        run(provider, LENGTH, () -> LatchkeyLock.current().onLost(() -> told.add("task")));
        SimpleLock other = take(provider, time(LENGTH.multipliedBy(2)));
        await().atMost(SOON).until(() -> told.equals(List.of(job))); // the one that was not unlocked in time
        other.unlock();
        assertThat(told).hasSize(1);
    }

    /** The interrupt comes while the task ends: whatever the order, the thread is clean afterwards and stays so. */
    @RepeatedTest(30)
    void interruptAtTheVeryEnd_meetsNobodyElse() {
        LatchkeyLockProvider provider = provider(LostLockAction.INTERRUPT);
        for (int i = 0; i < 10; i++) {
            SimpleLock lock = takeAgain(provider);
            LatchkeyLock current = LatchkeyLock.current();
            while (current.isValid()) {
                Thread.onSpinWait();
            }
            lock.unlock();
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            current.interruptTask();
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    /** What is over here is over there a moment later. */
    private SimpleLock takeAgain(LatchkeyLockProvider provider) {
        Optional<SimpleLock> lock;
        do {
            lock = provider.lock(time(Duration.ofMillis(4)));
        } while (lock.isEmpty());
        return lock.get();
    }

    /** What others want of the thread is not ours to take back. */
    @Test
    void interruptOfOthers_isLeftAlone() {
        LatchkeyLockProvider provider = provider(LostLockAction.INTERRUPT);
        SimpleLock lock = take(provider, time(MINUTE));
        Thread.currentThread().interrupt();
        lock.unlock();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void unlock_thatCannotReachTheDatabase_doesNotHideTheTasksException() {
        try (TcpProxy network = TcpProxy.to(database().address())) {
            LatchkeyLockProvider provider = new LatchkeyLockProvider(
                    connect(database().address().withPort(network.port()).url()));
            assertThatThrownBy(() -> run(provider, MINUTE, () -> {
                        network.refuse();
                        network.reset();
                        throw new ArithmeticException("the task's own");
                    }))
                    .isInstanceOf(ArithmeticException.class);
            assertThat(isLocked()).isTrue();
            network.heal();
            awaitUnlocked(); // told later
        }
    }
}
