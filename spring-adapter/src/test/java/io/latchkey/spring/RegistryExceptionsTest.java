package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.integration.support.locks.DistributedLock;

/** Each exception that {@code JdbcLockRegistry} throws, line by line. */
@SuppressWarnings("LockNotBeforeTry") // taking and giving back is what is tested
class RegistryExceptionsTest extends TwoRegistries {
    @Test
    void key_thatIsNull_isRefused() {
        assertThatThrownBy(() -> registry.obtain(nothing())).isInstanceOf(IllegalArgumentException.class);
    }

    @SuppressWarnings("NullAway")
    private static Object nothing() {
        return null;
    }

    @Test
    void unlock_byAnotherThread_isIllegalMonitorState() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        threads.elsewhere(() -> assertThatThrownBy(lock::unlock)
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("own"));
        lock.unlock();
        assertThatThrownBy(lock::unlock)
                .isInstanceOf(IllegalMonitorStateException.class)
                .hasMessageContaining("own");
    }

    @Test
    void unlock_afterTheLockWasLost_isConcurrentModification_andTheHoldIsGone() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        AtomicBoolean told = new AtomicBoolean();
        lock.lock();
        lock.onLost(() -> told.set(true));
        loseSession();
        soon().until(() -> !lock.isValid());
        soon().untilTrue(told);
        assertThatThrownBy(lock::unlock)
                .isInstanceOf(ConcurrentModificationException.class)
                .hasMessageContaining(key);
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
        lock.lock();
        lock.unlock();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void unlock_afterAnotherTookTheExpiredLock_isConcurrentModification_andLeavesItToTheOther() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(Duration.ofMillis(100));
        LatchkeyLock others = other.obtain(key);
        assertThat(others.tryLock(20, SECONDS)).isTrue();
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
        assertThat(others.isValid()).isTrue();
        assertThat(threads.<Boolean>elsewhere(() -> registry.obtain(key).tryLock()))
                .isFalse();
        others.unlock();
    }

    /** Where {@code JdbcLockRegistry} says nothing as long as nobody took it, and the time was up all the same. */
    @Test
    void unlock_afterTheTimeToLive_isConcurrentModification() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(Duration.ofMillis(20));
        soon().until(() -> !lock.isValid());
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void condition_isNotSupported() {
        assertThatThrownBy(() -> registry.obtain(key).newCondition()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void renew_ofLockThatIsNotOwned_isIllegalMonitorState() throws Exception {
        assertThatThrownBy(() -> registry.renewLock(key)).isInstanceOf(IllegalMonitorStateException.class);
        registry.obtain(key).lock();
        threads.elsewhere(() -> assertThatThrownBy(() -> registry.renewLock(key, LONG))
                .isInstanceOf(IllegalMonitorStateException.class));
        registry.renewLock(key);
        registry.renewLock(key, LONG);
        registry.obtain(key).unlock();
    }

    @Test
    void renew_ofLockThatIsLost_isIllegalState() {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(Duration.ofMillis(20));
        soon().until(() -> !lock.isValid());
        assertThatThrownBy(() -> registry.renewLock(key))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Could not renew lock for: " + key);
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
    }

    @Test
    void renew_withTimeToLive_prolongsTheLock() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        assertThat(lock.tryLock(Duration.ofMillis(100), Duration.ofSeconds(40))).isTrue();
        assertThat(left()).isLessThan(Duration.ofSeconds(41));
        registry.renewLock(key, Duration.ofMinutes(10));
        assertThat(left()).isGreaterThan(Duration.ofMinutes(5));
        lock.unlock();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void lock_takenAgain_renewsItsTimeToLive() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(Duration.ofSeconds(40));
        assertThat(left()).isLessThan(Duration.ofSeconds(41));
        lock.lock(Duration.ofMinutes(10));
        assertThat(left()).isGreaterThan(Duration.ofMinutes(5));
        assertThat(lock.tryLock()).isTrue(); // for as long as the last time
        assertThat(left()).isGreaterThan(Duration.ofMinutes(5));
        for (int i = 0; i < 3; i++) {
            lock.unlock();
        }
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void anyCall_ofClosedClient_cannotAcquire() {
        latchkey.close();
        LatchkeyLock lock = registry.obtain(key);
        assertThatThrownBy(lock::lock).isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(lock::tryLock).isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(() -> lock.tryLock(1, SECONDS)).isInstanceOf(CannotAcquireLockException.class);
    }

    @Test
    void waitingCall_ofClientThatIsClosed_cannotAcquire() throws Exception {
        other.obtain(key).lock();
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        Future<?> waiting = threads.start(() -> {
            waiter.complete(Thread.currentThread());
            return assertThatThrownBy(() -> registry.obtain(key).lock()).isInstanceOf(CannotAcquireLockException.class);
        });
        awaitWaiter();
        latchkey.close();
        waiting.get(20, SECONDS);
    }

    @Test
    void timeToLive_outOfBounds_isRefused() {
        DistributedLock lock = registry.obtain(key);
        assertThatThrownBy(() -> lock.lock(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> lock.tryLock(LONG, Duration.ofDays(366))).isInstanceOf(IllegalArgumentException.class);
    }
}
