package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import net.javacrumbs.shedlock.core.ExtensibleLockProvider;
import net.javacrumbs.shedlock.test.support.AbstractExtensibleLockProviderIntegrationTest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;

/** ShedLock's own suites for providers, unchanged: basic, extensible, and the fuzz tester. */
class ShedLockConformanceTest extends AbstractExtensibleLockProviderIntegrationTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static Latchkey latchkey;

    @BeforeAll
    static void connect() {
        latchkey = Latchkey.connect(POSTGRES.database().url());
    }

    @AfterAll
    static void disconnect() {
        latchkey.close();
    }

    @Override
    protected ExtensibleLockProvider getLockProvider() {
        return new LatchkeyLockProvider(latchkey);
    }

    @Override
    protected void assertUnlocked(String lock) {
        assertThat(LockRows.isLocked(POSTGRES.database(), lock)).isFalse();
    }

    @Override
    protected void assertLocked(String lock) {
        assertThat(LockRows.isLocked(POSTGRES.database(), lock)).isTrue();
    }
}
