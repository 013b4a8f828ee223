package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

/** Interrupts and deadlines of calls that wait. */
@SuppressWarnings("LockNotBeforeTry") // taking and giving back is what is tested
class RegistryWaitingTest extends TwoRegistries {
    @Test
    void interrupt_ofLockInterruptiblyAndTryLock_isThrown_andLeavesNothingBehind() throws Exception {
        other.obtain(key).lock();
        for (boolean timed : new boolean[] {true, false}) {
            CompletableFuture<Thread> waiter = new CompletableFuture<>();
            Future<Boolean> waiting = threads.start(() -> {
                waiter.complete(Thread.currentThread());
                LatchkeyLock lock = registry.obtain(key);
                assertThatThrownBy(() -> {
                            if (timed) {
                                boolean unused = lock.tryLock(Long.MAX_VALUE, TimeUnit.DAYS);
                            } else {
                                lock.lockInterruptibly();
                            }
                        })
                        .isInstanceOf(InterruptedException.class);
                return Thread.currentThread().isInterrupted();
            });
            awaitWaiter();
            waiter.join().interrupt();
            assertThat(waiting.get(20, SECONDS)).isFalse();
        }
        other.obtain(key).unlock();
        soon().until(this::isFreeForOthers);
    }

    @Test
    void interrupt_ofLock_isKept_andTheLockIsTakenAllTheSame() throws Exception {
        other.obtain(key).lock();
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        Future<Boolean> waiting = threads.start(() -> {
            waiter.complete(Thread.currentThread());
            LatchkeyLock lock = registry.obtain(key);
            lock.lock();
            boolean interrupted = Thread.currentThread().isInterrupted();
            lock.unlock(); // with the interrupt pending
            return interrupted && Thread.interrupted();
        });
        awaitWaiter();
        waiter.join().interrupt();
        other.obtain(key).unlock();
        assertThat(waiting.get(20, SECONDS)).isTrue();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void interruptedThread_getsNothingInterruptible() {
        LatchkeyLock lock = registry.obtain(key);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> lock.tryLock(1, SECONDS)).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
        Thread.currentThread().interrupt();
        assertThat(lock.tryLock()).isTrue();
        lock.unlock();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void tryLock_isRefusedInItsTime_withManyThreadsAtOnce() throws Exception {
        registry.obtain(key).lock();
        for (int i = 0; i < 5; i++) {
            threads.elsewhere(() -> {
                long start = System.nanoTime();
                assertThat(registry.obtain(key).tryLock(100, MILLISECONDS)).isFalse();
                return assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
            });
        }
        assertThat(threads.<Boolean>elsewhere(() -> registry.obtain(key).tryLock()))
                .isFalse();
        registry.obtain(key).unlock();
    }

    @Test
    void tryLock_withTheLongestWait_doesNotOverflow() throws Exception {
        for (TimeUnit unit : TimeUnit.values()) {
            assertThat(registry.obtain(key).tryLock(Long.MAX_VALUE, unit)).isTrue();
            registry.obtain(key).unlock();
        }
        other.obtain(key).lock();
        Future<Boolean> waiting = threads.start(() -> registry.obtain(key).tryLock(Long.MAX_VALUE, MILLISECONDS));
        awaitWaiter();
        assertThatThrownBy(() -> waiting.get(200, MILLISECONDS)).isInstanceOf(TimeoutException.class);
        other.obtain(key).unlock();
        assertThat(waiting.get(20, SECONDS)).isTrue();
    }

    @Test
    void executeLocked_holdsTheLockMeanwhile() throws Exception {
        registry.executeLocked(key, () -> assertThat(isFreeForOthers()).isFalse());
        assertThat(isFreeForOthers()).isTrue();
        other.obtain(key).lock();
        assertThatThrownBy(() -> registry.executeLocked(key, Duration.ofMillis(50), () -> {}))
                .isInstanceOf(TimeoutException.class);
        other.obtain(key).unlock();
    }
}
