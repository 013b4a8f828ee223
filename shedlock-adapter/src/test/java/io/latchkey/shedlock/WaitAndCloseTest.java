package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.LockException;
import org.junit.jupiter.api.Test;

/** Waiting instead of skipping, closing the provider, and what it refuses to do. */
class WaitAndCloseTest extends ProviderTest {
    private CompletableFuture<Optional<SimpleLock>> lockElsewhere(LatchkeyLockProvider provider) {
        CompletableFuture<Optional<SimpleLock>> result =
                CompletableFuture.supplyAsync(() -> provider.lock(time(MINUTE)));
        await().atMost(SOON).until(() -> waiters().equals("1") || result.isDone());
        return result;
    }

    private String waiters() {
        return LockRows.ask(database(), "SELECT count(*) FROM latchkey.waiters WHERE name = ?", job);
    }

    private LatchkeyLockProvider waiting(Duration wait) {
        return LatchkeyLockProvider.builder(connect())
                .waitAtMostFor(lock -> lock.getName().equals(job) ? wait : Duration.ZERO)
                .build();
    }

    @Test
    void waitAtMostFor_getsTheLockWithItsFullTime_whenItIsReleased() {
        SimpleLock first = take(provider(), time(MINUTE));
        var second = lockElsewhere(waiting(SOON));
        assertThat(second).isNotDone();
        first.unlock();
        assertThat(second.join()).isPresent();
        assertThat(LockRows.ask(
                        database(), "SELECT ends_at > now() + interval '50 s' FROM latchkey.locks WHERE name = ?", job))
                .isEqualTo("t");
    }

    @Test
    void waitAtMostFor_getsTheLock_whenItsTimeIsUp() {
        take(provider(), time(Duration.ofMillis(500)));
        assertThat(lockElsewhere(waiting(SOON)).join()).isPresent();
    }

    @Test
    void waitAtMostFor_waitsForTheLeastTimeOfTheOther() {
        take(provider(), time(MINUTE, Duration.ofMillis(500))).unlock();
        assertThat(lockElsewhere(waiting(SOON)).join()).isPresent();
    }

    @Test
    void waitThatIsTooShort_isEmpty_andLeavesTheQueue() {
        take(provider(), time(MINUTE));
        LatchkeyLockProvider other = waiting(Duration.ofMillis(50));
        assertThat(other.lock(time(MINUTE))).isEmpty();
        await().atMost(SOON).until(() -> waiters().equals("0"));
        assertThat(LatchkeyLock.find()).isPresent(); // the first one's
    }

    @Test
    void waitThatIsInterrupted_isEmpty_andKeepsTheInterrupt() throws InterruptedException {
        take(provider(), time(MINUTE));
        LatchkeyLockProvider other = waiting(SOON);
        CompletableFuture<Boolean> kept = new CompletableFuture<>();
        Thread thread = new Thread(() -> kept.complete(
                other.lock(time(MINUTE)).isEmpty() && Thread.currentThread().isInterrupted()));
        thread.start();
        await().atMost(SOON).until(() -> waiters().equals("1"));
        thread.interrupt();
        assertThat(kept.join()).isTrue();
        thread.join();
        await().atMost(SOON).until(() -> waiters().equals("0"));
    }

    @Test
    void close_withRelease_interruptsTheTask_andFreesItsLock() {
        Latchkey latchkey = connect();
        LatchkeyLockProvider provider = LatchkeyLockProvider.builder(latchkey)
                .whenLost(LostLockAction.INTERRUPT)
                .releaseOnClose(SOON)
                .build();
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Boolean> interrupted = runElsewhere(provider, begun);
        awaitLatch(begun);
        provider.close();
        assertThat(interrupted).isDone(); // it was waited for
        assertThat(isLocked()).isFalse();
        assertThat(interrupted.join()).isTrue();
        assertThat(provider.lock(time(MINUTE))).as("closed").isEmpty();
        provider.close();
    }

    private CompletableFuture<Boolean> runElsewhere(LatchkeyLockProvider provider, CountDownLatch begun) {
        CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        Thread thread = new Thread(() -> new DefaultLockingTaskExecutor(provider)
                .executeWithLock(
                        (Runnable) () -> {
                            begun.countDown();
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                interrupted.complete(true);
                            }
                        },
                        time(MINUTE)));
        thread.setDaemon(true);
        thread.start();
        return interrupted;
    }

    private static void awaitLatch(CountDownLatch latch) {
        await().atMost(SOON).until(() -> latch.getCount() == 0);
    }

    @Test
    void close_withRelease_ofTaskThatGoesOn_freesTheLock_afterItsLeastTime() {
        LatchkeyLockProvider provider = LatchkeyLockProvider.builder(connect())
                .releaseOnClose(Duration.ofMillis(50))
                .build();
        SimpleLock lock = take(provider, time(MINUTE, Duration.ofSeconds(1)));
        LatchkeyLock current = LatchkeyLock.current();
        long start = System.nanoTime();
        provider.close();
        assertThat(current.isValid()).isFalse();
        assertThat(isLocked()).isTrue();
        awaitUnlocked();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(900), SOON);
        lock.unlock();
        assertFree(provider());
    }

    @Test
    void close_withoutRelease_leavesLocksAlone_andTasksUnlockThem() {
        LatchkeyLockProvider provider = provider();
        SimpleLock lock = take(provider, time(MINUTE));
        provider.close();
        assertThat(LatchkeyLock.current().isValid()).isTrue();
        assertThat(isLocked()).isTrue();
        lock.unlock();
        assertThat(isLocked()).isFalse();
    }

    @Test
    void lockThatArrivesAfterClose_isGivenBack() {
        SimpleLock first = take(provider(), time(MINUTE));
        LatchkeyLockProvider late = waiting(SOON);
        var second = lockElsewhere(late);
        late.close();
        first.unlock();
        assertThat(second.join()).isEmpty();
        awaitUnlocked();
    }

    @Test
    void timesThatNoLeaseCanHave_areRefusedByName() {
        LatchkeyLockProvider provider = provider();
        for (Duration atMost : new Duration[] {Duration.ZERO, Duration.ofNanos(999_999), Duration.ofDays(366)}) {
            assertThatThrownBy(() -> provider.lock(time(atMost)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 ms to 365 days")
                    .hasMessageContaining(job);
        }
        SimpleLock lock = take(provider, time(Duration.ofDays(365), Duration.ofMillis(-5)));
        assertThatThrownBy(() -> lock.extend(Duration.ZERO, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class);
        lock.unlock();
        assertThatThrownBy(() ->
                        provider.lock(new LockConfiguration(Instant.now(), "x".repeat(513), MINUTE, Duration.ZERO)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("512 bytes");
        assertFree(provider);
    }

    @Test
    void databaseOutOfReach_isLockException_andLeavesNothingLocked() {
        try (TcpProxy network = TcpProxy.to(database().address())) {
            LatchkeyLockProvider provider = new LatchkeyLockProvider(
                    connect(database().address().withPort(network.port()).url()));
            SimpleLock lock = take(provider, time(MINUTE));
            network.refuse();
            network.reset();
            assertThatThrownBy(() -> provider.lock(time(MINUTE)))
                    .isInstanceOf(LockException.class)
                    .hasMessageContaining(job)
                    .hasCauseInstanceOf(DatabaseUnavailableException.class);
            assertThatThrownBy(() -> lock.extend(MINUTE, Duration.ZERO)).isInstanceOf(LockException.class);
            network.heal();
            await().atMost(SOON)
                    .ignoreExceptions()
                    .until(() -> lock.extend(MINUTE, Duration.ZERO).isPresent());
        }
    }
}
