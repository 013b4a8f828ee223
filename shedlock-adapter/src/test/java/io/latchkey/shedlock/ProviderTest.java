package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A database, clients that are closed at the end, and a lock with a name of its own. */
abstract class ProviderTest {
    static final Duration SOON = Duration.ofSeconds(20);
    static final Duration MINUTE = Duration.ofMinutes(1);
    static final Duration SHORT = Duration.ofMillis(60);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    final String job = "job-" + UUID.randomUUID();
    private final List<Latchkey> clients = new ArrayList<>();

    @BeforeEach
    void forgetLocksOfOtherTests() {
        LocksOfThread.forget();
    }

    @AfterEach
    void disconnect() {
        clients.forEach(Latchkey::close);
    }

    static TestDatabase database() {
        return POSTGRES.database();
    }

    Latchkey connect() {
        return connect(database().url());
    }

    Latchkey connect(String url) {
        Latchkey client = Latchkey.connect(url);
        clients.add(client);
        return client;
    }

    LatchkeyLockProvider provider() {
        return new LatchkeyLockProvider(connect());
    }

    LockConfiguration time(Duration atMost, Duration atLeast) {
        return new LockConfiguration(Instant.now(), job, atMost, atLeast);
    }

    LockConfiguration time(Duration atMost) {
        return time(atMost, Duration.ZERO);
    }

    SimpleLock take(LockProvider provider, LockConfiguration configuration) {
        return provider.lock(configuration).orElseThrow();
    }

    boolean isLocked() {
        return LockRows.isLocked(database(), job);
    }

    void awaitUnlocked() {
        await().atMost(SOON).pollInterval(Duration.ofMillis(5)).until(() -> !isLocked());
    }

    void assertFree(LockProvider provider) {
        SimpleLock lock = take(provider, time(MINUTE));
        assertThat(provider.lock(time(MINUTE))).isEmpty();
        lock.unlock();
    }
}
