package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.LeaseLostException;
import java.sql.Connection;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import org.junit.jupiter.api.Test;

/** A hold that is lost: it is told once, leaks nothing, and what it fenced is refused. */
@SuppressWarnings("LockNotBeforeTry") // taking and giving back is what is tested
class RegistryLossTest extends TwoRegistries {
    @Test
    void tryLock_afterTheLockWasLost_saysNoOnce_thenTakesItAnew_andLeaksNoHold() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        long first = lock.fencingToken();
        loseSession();
        soon().until(() -> !lock.isValid());
        assertThat(lock.tryLock(1, SECONDS)).isFalse();
        assertThat(lock.tryLock(20, SECONDS)).isTrue();
        assertThat(lock.fencingToken()).isGreaterThan(first);
        lock.unlock();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void lock_afterTheLockWasLost_throwsOnce_thenTakesItAnew() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        loseSession();
        soon().until(() -> !lock.isValid());
        assertThatThrownBy(lock::lock).isInstanceOf(ConcurrentModificationException.class);
        lock.lock();
        lock.unlock();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void lockThatWasLost_canBeTakenByAnotherThreadOfTheRegistry() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(Duration.ofMillis(20));
        soon().until(() -> !lock.isValid());
        assertThat(threads.<Boolean>elsewhere(() -> {
                    boolean taken = lock.tryLock(20, SECONDS);
                    lock.unlock();
                    return taken;
                }))
                .isTrue();
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
    }

    @Test
    void fence_onConnection_isRefusedOnceTheLockIsLost() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        assertThat(lock.fencingToken()).isPositive();
        try (Connection connection = POSTGRES.database().connect()) {
            connection.setAutoCommit(false);
            lock.fence(connection);
            connection.commit();
            loseSession();
            assertThatThrownBy(() -> lock.fence(connection)).isInstanceOf(LeaseLostException.class);
            connection.rollback();
        }
        assertThatThrownBy(() -> threads.elsewhere(() -> {
                    lock.fencingToken();
                    return null;
                }))
                .hasRootCauseInstanceOf(IllegalMonitorStateException.class);
        assertThatThrownBy(lock::fence)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("data source");
        soon().until(() -> !lock.isValid());
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
    }
}
