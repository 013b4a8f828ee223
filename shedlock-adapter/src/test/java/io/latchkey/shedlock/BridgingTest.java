package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.support.KeepAliveLockProvider;
import net.javacrumbs.shedlock.support.LockException;
import net.javacrumbs.shedlock.test.support.FuzzTester;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Instances that use the table, instances that use Latchkey, and those that use both in between. */
class BridgingTest extends ProviderTest {
    private final LockProvider table = ShedLockTable.provider(database());
    private final LatchkeyLockProvider latchkey = provider();
    private final BridgingLockProvider bridge = new BridgingLockProvider(latchkey, ShedLockTable.provider(database()));

    @BeforeAll
    static void createTable() {
        ShedLockTable.create(database());
    }

    @Test
    void bridge_excludesBoth_andBothExcludeIt() {
        SimpleLock lock = take(bridge, time(MINUTE));
        assertThat(bridge.lock(time(MINUTE))).isEmpty();
        assertThat(table.lock(time(MINUTE))).isEmpty();
        assertThat(latchkey.lock(time(MINUTE))).isEmpty();
        lock.unlock();
        for (LockProvider alone : List.of(table, latchkey)) {
            SimpleLock theirs = take(alone, time(MINUTE));
            assertThat(bridge.lock(time(MINUTE))).isEmpty();
            theirs.unlock();
            assertFree(bridge);
        }
    }

    /** Or one instance that is refused would keep all others from the lock for its least time. */
    @Test
    void refusedAttempt_keepsNobodyFromTheLock() {
        SimpleLock theirs = take(table, time(MINUTE));
        assertThat(bridge.lock(time(MINUTE, MINUTE))).isEmpty();
        assertThat(isLocked()).isFalse();
        assertThatThrownBy(() -> LatchkeyLock.current(job)).isInstanceOf(IllegalStateException.class);
        theirs.unlock();
        assertFree(bridge);
    }

    @Test
    void leastTime_holdsForBoth() {
        take(bridge, time(MINUTE, Duration.ofSeconds(30))).unlock();
        assertThat(table.lock(time(MINUTE))).isEmpty();
        assertThat(latchkey.lock(time(MINUTE))).isEmpty();
    }

    @Test
    void extend_extendsBoth() {
        SimpleLock lock = take(bridge, time(Duration.ofSeconds(1)));
        SimpleLock longer = lock.extend(MINUTE, Duration.ZERO).orElseThrow();
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalStateException.class);
        await().atMost(SOON)
                .until(() -> LockRows.ask(
                                database(),
                                "SELECT locked_at < timezone('utc', now()) - interval '1100 ms' FROM shedlock WHERE name = ?",
                                job)
                        .equals("t"));
        assertThat(table.lock(time(MINUTE))).isEmpty();
        assertThat(latchkey.lock(time(MINUTE))).isEmpty();
        longer.unlock();
        assertFree(table);
        assertFree(latchkey);
    }

    @Test
    void extend_afterTheOtherOneEnded_isEmpty_andUnlocksOurs() {
        SimpleLock lock = take(bridge, time(MINUTE));
        database().execute("UPDATE shedlock SET lock_until = locked_at WHERE name = '" + job + "'");
        assertThat(lock.extend(MINUTE, Duration.ZERO)).isEmpty();
        assertThat(lock.extend(MINUTE, Duration.ZERO)).isEmpty();
        lock.unlock();
        assertFree(bridge);
    }

    @Test
    void extend_afterOursEnded_isEmpty_andUnlocksTheOther() {
        SimpleLock lock = take(bridge, time(MINUTE));
        database().execute("UPDATE latchkey._lock SET expires_at = clock_timestamp() WHERE name = '" + job + "'");
        assertThat(lock.extend(MINUTE, Duration.ZERO)).isEmpty();
        lock.unlock();
        assertFree(bridge);
    }

    @Test
    void otherProviderThatFails_leavesNothingLocked() {
        BridgingLockProvider broken = new BridgingLockProvider(latchkey, configuration -> {
            throw new LockException("no table");
        });
        assertThatThrownBy(() -> broken.lock(time(MINUTE, MINUTE)))
                .isInstanceOf(LockException.class)
                .hasMessage("no table");
        assertThat(isLocked()).isFalse();
    }

    @Test
    void otherUnlockThatFails_hidesNothing_andUnlocksOurs() {
        BridgingLockProvider broken = new BridgingLockProvider(
                latchkey,
                configuration -> java.util.Optional.of(() -> {
                    throw new LockException("gone");
                }));
        SimpleLock lock = take(broken, time(MINUTE));
        assertThatThrownBy(() -> lock.extend(MINUTE, Duration.ZERO)).isInstanceOf(UnsupportedOperationException.class);
        lock.unlock();
        assertThat(isLocked()).isFalse();
    }

    @Test
    void keepAliveOfOneAlone_isRefused() {
        LatchkeyLockProvider keeping =
                LatchkeyLockProvider.builder(connect()).keepAlive(true).build();
        assertThatThrownBy(() -> new BridgingLockProvider(keeping, table))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("KeepAliveLockProvider");
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try {
            BridgingLockProvider both = new BridgingLockProvider(
                    keeping, new KeepAliveLockProvider(ShedLockTable.provider(database()), timer));
            assertFree(both);
        } finally {
            timer.shutdownNow();
        }
    }

    @Test
    void fuzz_bridgeAlone_losesNoUpdate() throws Exception {
        fuzz(bridge);
    }

    /** Old instances and new ones at once: ShedLock's fuzz tester, whose threads are of both kinds. */
    @Test
    void fuzz_bridgeBesideTable_losesNoUpdate() throws Exception {
        LockProvider mixed =
                configuration -> (Thread.currentThread().hashCode() % 2 == 0 ? bridge : table).lock(configuration);
        fuzz(mixed);
    }

    private static void fuzz(LockProvider provider) throws Exception {
        new FuzzTester(provider, Duration.ofMillis(1), MINUTE, FuzzTester.SHORT_ITERATION).doFuzzTest();
    }
}
