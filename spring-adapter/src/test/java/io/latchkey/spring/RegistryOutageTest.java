package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.dao.CannotAcquireLockException;

/** What calls do while the database is away: refused at once, or silent. */
@Timeout(90)
@SuppressWarnings("LockNotBeforeTry") // taking and giving back is what is tested
class RegistryOutageTest {
    private static final Duration SESSION = Duration.ofSeconds(20);
    private static final Duration TTL = Duration.ofMinutes(1);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final String key = "outage/" + System.nanoTime();

    @SuppressWarnings("NullAway.Init")
    private TcpProxy proxy;

    @SuppressWarnings("NullAway.Init")
    private Latchkey latchkey;

    @SuppressWarnings("NullAway.Init")
    private Latchkey others;

    @SuppressWarnings("NullAway.Init")
    private LatchkeyLockRegistry registry;

    @BeforeEach
    void connect() throws Exception {
        proxy = TcpProxy.to(POSTGRES.database().address());
        latchkey = Latchkey.builder(
                        POSTGRES.database().address().withPort(proxy.port()).url())
                .sessionTimeout(SESSION)
                .connect();
        others = Latchkey.connect(POSTGRES.database().url());
        registry = new LatchkeyLockRegistry(latchkey);
    }

    @AfterEach
    void close() throws Exception {
        proxy.heal();
        proxy.reset(); // what is silent would have to be waited for
        latchkey.close();
        others.close();
        proxy.close();
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(30));
    }

    @Test
    void tryLock_ofDatabaseThatRefuses_cannotAcquire_inItsTime() {
        LatchkeyLock lock = registry.obtain(key);
        proxy.refuse();
        proxy.reset();
        long start = System.nanoTime();
        assertThatThrownBy(() -> lock.tryLock(300, MILLISECONDS)).isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(() -> lock.tryLock(Duration.ofMillis(300), TTL))
                .isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(lock::tryLock).isInstanceOf(CannotAcquireLockException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SESSION);
    }

    /** A read of the driver's alone takes five seconds until it gives up, and there are two of them. */
    @Test
    void tryLock_ofDatabaseThatIsSilent_cannotAcquire_inItsTime() {
        LatchkeyLock lock = registry.obtain(key);
        proxy.blackHole();
        long start = System.nanoTime();
        assertThatThrownBy(() -> lock.tryLock(300, MILLISECONDS)).isInstanceOf(CannotAcquireLockException.class);
        assertThatThrownBy(() -> lock.tryLock(Duration.ofMillis(300), TTL))
                .isInstanceOf(CannotAcquireLockException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> lock.tryLock(1, MINUTES)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void unlock_whileTheDatabaseIsAway_returns_andIsToldLater() {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock();
        proxy.refuse();
        proxy.reset();
        lock.unlock();
        assertThat(others.lock(key).tryAcquire()).isEmpty();
        proxy.heal();
        soon().until(() -> others.lock(key).tryAcquire().isPresent());
    }

    @Test
    void renew_whileTheDatabaseIsAway_cannotAcquire_andTheLockIsHeldOn() {
        LatchkeyLock lock = registry.obtain(key);
        lock.lock(TTL);
        proxy.refuse();
        proxy.reset();
        assertThatThrownBy(() -> registry.renewLock(key)).isInstanceOf(CannotAcquireLockException.class);
        assertThat(lock.isValid()).isTrue();
        proxy.heal();
        soon().ignoreException(CannotAcquireLockException.class)
                .pollInSameThread()
                .until(() -> {
                    registry.renewLock(key, TTL);
                    return true;
                });
        lock.unlock();
    }
}
