package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.LeaseLostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockExtender;
import net.javacrumbs.shedlock.core.LockingTaskExecutor;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.Test;

/** What a task can ask of the lock under which it runs. */
class CurrentLockTest extends ProviderTest {
    private final LatchkeyLockProvider provider = provider();
    private final LockingTaskExecutor executor = new DefaultLockingTaskExecutor(provider);

    private LockConfiguration named(String name) {
        return new LockConfiguration(time(MINUTE).getLockAtMostUntil(), name, MINUTE, Duration.ZERO);
    }

    @Test
    void current_outsideOfTask_saysSo() {
        assertThat(LatchkeyLock.find()).isEmpty();
        assertThatThrownBy(LatchkeyLock::current)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no lock");
        assertThatThrownBy(() -> LatchkeyLock.current(job))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(job);
    }

    @Test
    void current_inTask_isItsLock_alsoAfterAnExtension() {
        executor.executeWithLock(
                (Runnable) () -> {
                    LatchkeyLock lock = LatchkeyLock.current();
                    assertThat(lock.name()).isEqualTo(job);
                    assertThat(lock.isValid()).isTrue();
                    assertThat(lock.remaining()).isBetween(Duration.ofSeconds(30), MINUTE);
                    LockExtender.extendActiveLock(MINUTE.multipliedBy(10), Duration.ZERO);
                    assertThat(LatchkeyLock.current()).isSameAs(lock);
                    assertThat(lock.remaining()).isGreaterThan(MINUTE);
                    assertThat(Long.toString(lock.fencingToken())).isEqualTo(token());
                },
                time(MINUTE));
        assertThat(LatchkeyLock.find()).isEmpty();
        assertThat(isLocked()).isFalse();
    }

    private String token() {
        return LockRows.ask(database(), "SELECT fencing_token FROM latchkey.locks WHERE name = ?", job);
    }

    @Test
    void locksInsideLocks_areFoundByName_theNewestFirst() {
        executor.executeWithLock(
                (Runnable) () -> {
                    executor.executeWithLock(
                            (Runnable) () -> {
                                assertThat(LatchkeyLock.current().name()).isEqualTo("inner " + job);
                                assertThat(LatchkeyLock.current(job).name()).isEqualTo(job);
                            },
                            named("inner " + job));
                    assertThat(LatchkeyLock.current().name()).isEqualTo(job);
                    assertThatThrownBy(() -> LatchkeyLock.current("inner " + job))
                            .isInstanceOf(IllegalStateException.class);
                },
                time(MINUTE));
    }

    @Test
    void taskThatFails_leavesNoCurrentLock() {
        assertThatThrownBy(() -> executor.executeWithLock(
                        (Runnable) () -> {
                            throw new ArithmeticException("the task's own");
                        },
                        time(MINUTE)))
                .isInstanceOf(ArithmeticException.class);
        assertThat(LatchkeyLock.find()).isEmpty();
        assertFree(provider);
    }

    @Test
    void otherThread_doesNotSeeIt_andMayUnlockIt() {
        SimpleLock lock = take(provider, time(MINUTE));
        LatchkeyLock current = LatchkeyLock.current();
        assertThat(CompletableFuture.supplyAsync(LatchkeyLock::find).join()).isEmpty();
        CompletableFuture.runAsync(lock::unlock).join();
        assertThat(current.isValid()).isFalse();
        assertThat(LatchkeyLock.find()).isEmpty();
        assertFree(provider);
    }

    @Test
    void fence_inTheTasksTransaction_keepsOthersOut_andRefusesWhoIsLate() throws SQLException {
        try (Connection connection = database().connect()) {
            connection.setAutoCommit(false);
            SimpleLock lock = take(provider, time(Duration.ofSeconds(2)));
            LatchkeyLock.current().fence(connection);
            awaitUnlocked();
            assertThat(provider.lock(time(MINUTE)))
                    .as("while the transaction is open")
                    .isEmpty();
            connection.commit();
            assertThatThrownBy(() -> LatchkeyLock.current().fence(connection)).isInstanceOf(LeaseLostException.class);
            lock.unlock();
            assertFree(provider);
        }
    }

    @Test
    void locksOfViews_showHostAndJob() {
        SimpleLock lock = take(provider, time(MINUTE, Duration.ofSeconds(30)));
        String seen = "SELECT name || ' ' || holder || ' ' || lease FROM latchkey.locks WHERE name = ?";
        String holder = job + " " + io.latchkey.internal.HolderName.ofThisProcess() + " timed";
        assertThat(LockRows.ask(database(), seen, job)).isEqualTo(holder);
        lock.unlock();
        assertThat(LockRows.ask(database(), seen, job)).as("for its least time").isEqualTo(holder);
    }
}
