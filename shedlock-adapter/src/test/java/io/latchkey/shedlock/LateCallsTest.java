package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import net.javacrumbs.shedlock.core.DefaultLockingTaskExecutor;
import net.javacrumbs.shedlock.core.LockExtender;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.Test;

/** Calls for a lock whose time is up, and what ShedLock's own provider makes of the same calls. */
class LateCallsTest extends ProviderTest {
    @Test
    void lateUnlock_inTheSameProcess_leavesTheNextHolderAlone() {
        LatchkeyLockProvider provider = provider();
        lateUnlock(provider, provider);
        assertThat(isLocked()).isTrue();
        assertThat(provider.lock(time(MINUTE))).isEmpty();
    }

    @Test
    void lateUnlock_onTheSameHost_leavesTheNextHolderAlone() {
        lateUnlock(provider(), provider());
        assertThat(isLocked()).isTrue();
    }

    /** Why that needs saying: there an owner is a host, and two are one. */
    @Test
    void lateUnlock_withTheJdbcProvider_freesTheNextHolder() {
        ShedLockTable.create(database());
        LockProvider provider = ShedLockTable.provider(database());
        lateUnlock(provider, ShedLockTable.provider(database()));
        assertThat(provider.lock(time(MINUTE))).isPresent();
    }

    private void lateUnlock(LockProvider late, LockProvider next) {
        SimpleLock over = take(late, time(SHORT));
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> next.lock(time(MINUTE)).isPresent());
        over.unlock();
    }

    @Test
    void unlock_afterTheEnd_isSilent() {
        LatchkeyLockProvider provider = provider();
        SimpleLock over = take(provider, time(SHORT));
        awaitUnlocked();
        over.unlock();
        assertFree(provider);
    }

    @Test
    void extend_afterTheEnd_isEmpty_andTheLockCanStillBeUnlocked() {
        LatchkeyLockProvider provider = provider();
        SimpleLock over = take(provider, time(SHORT));
        awaitUnlocked();
        SimpleLock next = take(provider, time(MINUTE));
        assertThat(over.extend(MINUTE, Duration.ZERO)).isEmpty();
        over.unlock();
        assertThat(isLocked()).isTrue();
        next.unlock();
    }

    @Test
    void extendActiveLock_afterTheEnd_isNotHiddenByTheUnlockThatFollows() {
        assertThatThrownBy(() -> extendTooLate(provider()))
                .isInstanceOf(LockExtender.LockCanNotBeExtendedException.class);
        ShedLockTable.create(database());
        assertThatThrownBy(() -> extendTooLate(ShedLockTable.provider(database())))
                .as("ShedLock's own")
                .isInstanceOf(IllegalStateException.class)
                .isNotInstanceOf(LockExtender.LockCanNotBeExtendedException.class);
    }

    private void extendTooLate(LockProvider provider) {
        new DefaultLockingTaskExecutor(provider).executeWithLock((Runnable) this::extendWhenOver, time(SHORT));
    }

    private void extendWhenOver() {
        long end = System.nanoTime() + SHORT.multipliedBy(2).toNanos();
        await().atMost(SOON).until(() -> System.nanoTime() - end > 0);
        LockExtender.extendActiveLock(MINUTE, Duration.ZERO);
    }

    @Test
    void usedLock_saysSo() {
        LatchkeyLockProvider provider = provider();
        SimpleLock first = take(provider, time(MINUTE));
        SimpleLock second = first.extend(MINUTE, Duration.ZERO).orElseThrow();
        for (SimpleLock used : List.of(first)) {
            assertThatThrownBy(used::unlock)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("extended");
            assertThatThrownBy(() -> used.extend(MINUTE, Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        }
        second.unlock();
        assertThatThrownBy(second::unlock)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("unlocked");
        assertFree(provider);
    }

    @Test
    void rowThatTheReaperRemoved_isLockedAgain_withHigherToken() {
        LatchkeyLockProvider provider = provider();
        SimpleLock lock = take(provider, time(MINUTE));
        long token = LatchkeyLock.current().fencingToken();
        lock.unlock();
        database()
                .execute("UPDATE latchkey._lock SET granted_at = granted_at - interval '1 year' WHERE name = '" + job
                        + "'");
        await().atMost(SOON).until(() -> {
            LockRows.ask(database(), "SELECT latchkey.reap()");
            return rows().equals("0");
        });
        SimpleLock again = take(provider, time(MINUTE));
        assertThat(LatchkeyLock.current().fencingToken()).isGreaterThan(token);
        again.unlock();
    }

    /** There the name is remembered as one that has a row, and an update of no row locks nothing. */
    @Test
    void rowThatWasRemoved_isNeverLockedAgain_withTheJdbcProvider() {
        ShedLockTable.create(database());
        LockProvider provider = ShedLockTable.provider(database());
        take(provider, time(MINUTE)).unlock();
        database().execute("DELETE FROM shedlock WHERE name = '" + job + "'");
        assertThat(provider.lock(time(MINUTE))).isEmpty();
    }

    private String rows() {
        return LockRows.ask(database(), "SELECT count(*) FROM latchkey._lock WHERE name = ?", job);
    }
}
