package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.latchkey.Latchkey;
import io.latchkey.LeaseLostException;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.ConcurrentModificationException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** {@link LatchkeyLock#fence()} in Spring's transactions: what is written under a lock is written while it is held, or not at all. */
@Timeout(60)
@SuppressWarnings("LockNotBeforeTry")
class FencedTransactionTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @RegisterExtension
    final Threads threads = new Threads();

    private final String key = "fenced/" + System.nanoTime();
    private final HikariDataSource pool = new HikariDataSource();
    private final Latchkey latchkey = Latchkey.connect(POSTGRES.database().url());
    private final Latchkey otherLatchkey = Latchkey.connect(POSTGRES.database().url());
    private final LatchkeyLock lock = new LatchkeyLockRegistry(latchkey, LockNames.plain(), pool).obtain(key);
    private final LatchkeyLock others = new LatchkeyLockRegistry(otherLatchkey, LockNames.plain(), pool).obtain(key);
    private final JdbcTemplate jdbc = new JdbcTemplate();
    private final TransactionTemplate transaction = new TransactionTemplate();

    @BeforeEach
    void connect() {
        pool.setJdbcUrl(POSTGRES.database().url());
        jdbc.setDataSource(pool);
        transaction.setTransactionManager(new JdbcTransactionManager(pool));
        jdbc.execute("CREATE TABLE IF NOT EXISTS written (key text)");
    }

    @AfterEach
    void close() {
        latchkey.close();
        otherLatchkey.close();
        pool.close();
    }

    private void write() {
        jdbc.update("INSERT INTO written VALUES (?)", key);
    }

    private int written() {
        return jdbc.queryForList("SELECT key FROM written WHERE key = ?", key).size();
    }

    @Test
    void transaction_whoseLockWentToAnother_isRolledBack() throws Exception {
        lock.lock(Duration.ofMillis(200));
        assertThatThrownBy(() -> transaction.executeWithoutResult(status -> {
                    write();
                    assertThat(taken()).isTrue(); // its time to live is over: another has it
                    lock.fence();
                }))
                .isInstanceOf(LeaseLostException.class);
        assertThat(written()).isZero();
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
    }

    private boolean taken() {
        try {
            return threads.elsewhere(() -> others.tryLock(20, SECONDS));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** However long it takes to commit: from the fence on nobody else gets the lock. */
    @Test
    void transaction_thatIsFenced_keepsTheLockUntilItsCommit() throws Exception {
        lock.lock(Duration.ofMillis(500));
        Future<Integer> next = transaction.execute(status -> {
            lock.fence();
            Future<Integer> waiting = threads.start(() -> {
                others.lock();
                int seen = written();
                others.unlock();
                return seen;
            });
            await().pollInSameThread().until(() -> !lock.isValid());
            assertThatThrownBy(() -> waiting.get(1, SECONDS)).isInstanceOf(java.util.concurrent.TimeoutException.class);
            write();
            return waiting;
        });
        assertThat(next.get(20, SECONDS)).isEqualTo(1);
        assertThatThrownBy(lock::unlock).isInstanceOf(ConcurrentModificationException.class);
    }

    @Test
    void fence_withoutTransaction_isRefused() throws Exception {
        assertThat(lock.tryLock(100, MILLISECONDS)).isTrue();
        assertThatThrownBy(lock::fence)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("@Transactional");
        lock.unlock();
    }
}
