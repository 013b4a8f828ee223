package io.latchkey.spring;

import static org.awaitility.Awaitility.await;

import io.latchkey.Inspection;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.time.Duration;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two clients, as on two hosts, with a registry each, and a key that no other test uses. */
@Timeout(60)
abstract class TwoRegistries {
    static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @RegisterExtension
    final Threads threads = new Threads();

    final String key = "registry/" + System.nanoTime();

    @SuppressWarnings("NullAway.Init")
    Latchkey latchkey;

    @SuppressWarnings("NullAway.Init")
    private Latchkey otherLatchkey;

    @SuppressWarnings("NullAway.Init")
    LatchkeyLockRegistry registry;

    @SuppressWarnings("NullAway.Init")
    LatchkeyLockRegistry other;

    @BeforeEach
    void connect() {
        latchkey = client("first");
        otherLatchkey = client("other");
        registry = new LatchkeyLockRegistry(latchkey);
        other = new LatchkeyLockRegistry(otherLatchkey);
    }

    private static Latchkey client(String holder) {
        return Latchkey.builder(POSTGRES.database().url())
                .holder(holder)
                .sessionTimeout(Duration.ofSeconds(5))
                .connect();
    }

    @AfterEach
    void close() {
        latchkey.close();
        otherLatchkey.close();
    }

    /** In this thread: whether a lock is valid depends on who asks. */
    static ConditionFactory soon() {
        return await().pollInSameThread().atMost(LONG);
    }

    /** Ends the session in the database, as a partition longer than its timeout does; the client hears of it. */
    void loseSession() {
        POSTGRES.database().execute("DELETE FROM latchkey._session WHERE holder = '" + latchkey.holder() + "'");
        latchkey.lock(key + "/nudge").tryAcquire().ifPresent(Lease::release); // sooner than its next renewal
    }

    /** How long the lock would last if nobody prolonged it, by the database's clock. */
    Duration left() {
        Inspection seen = latchkey.inspect(100);
        return seen.locks().rows().stream()
                .filter(lock -> lock.name().equals(key))
                .map(lock -> Duration.between(seen.at(), lock.until()))
                .findFirst()
                .orElseThrow();
    }

    boolean isFreeForOthers() throws Exception {
        return threads.elsewhere(() -> {
            boolean taken = other.obtain(key).tryLock();
            if (taken) {
                other.obtain(key).unlock();
            }
            return taken;
        });
    }

    /** Until a call waits for the lock in the database. */
    void awaitWaiter() {
        soon().until(() -> {
            try (Connection connection = POSTGRES.database().connect();
                    var row = connection
                            .createStatement()
                            .executeQuery("SELECT count(*) FROM latchkey.waiters WHERE name = '" + key + "'")) {
                return row.next() && row.getInt(1) > 0;
            }
        });
    }
}
