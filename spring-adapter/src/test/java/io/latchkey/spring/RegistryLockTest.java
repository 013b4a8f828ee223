package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Taking a lock again, and giving it back. */
@SuppressWarnings("LockNotBeforeTry") // taking and giving back is what is tested
class RegistryLockTest extends TwoRegistries {
    @Test
    void obtain_isTheSameLock_whileItIsUsed() {
        LatchkeyLock lock = registry.obtain(key);
        assertThat(registry.obtain(key)).isSameAs(lock);
        assertThat(registry.obtain(key + "2")).isNotSameAs(lock);
    }

    @Test
    void lock_takenAgain_isFreeAfterTheLastUnlock() throws Exception {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        lock.lockInterruptibly();
        assertThat(lock.tryLock()).isTrue();
        assertThat(lock.tryLock(1, SECONDS)).isTrue();
        assertThat(lock.tryLock(Duration.ofSeconds(1), Duration.ofSeconds(30))).isTrue();
        for (int i = 0; i < 4; i++) {
            registry.obtain(key).unlock();
            assertThat(isFreeForOthers()).isFalse();
        }
        lock.unlock();
        assertThat(isFreeForOthers()).isTrue();
    }

    @Test
    void lock_isHeldThoughNobodyKeepsTheObject() throws Exception {
        registry.obtain(key).lock();
        soon().until(() -> {
            System.gc();
            return registry.obtain(key).isValid();
        });
        assertThat(isFreeForOthers()).isFalse();
        registry.obtain(key).unlock();
    }
}
