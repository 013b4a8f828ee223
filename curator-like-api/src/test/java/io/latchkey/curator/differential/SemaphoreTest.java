package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.SemaphoreScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SemaphoreTest {
    @Test
    void permits_comeAndGo() throws Exception {
        Comparison.of(SemaphoreScenarios.class, "permits").same();
    }

    @Test
    void waiter_isServed() throws Exception {
        Comparison.of(SemaphoreScenarios.class, "waiting").same();
    }

    @Test
    void semaphore_ofClosedClient() throws Exception {
        Comparison.of(SemaphoreScenarios.class, "closed")
                .differs("acquire", "NullPointerException", "CuratorClosedException")
                .otherwiseSame();
    }
}
