package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.MutexScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MutexTest {
    @Test
    void mutex_isReentrantPerThreadAndObject() throws Exception {
        Comparison.of(MutexScenarios.class, "reentry").same();
    }

    @Test
    void mutex_goesInTheOrderOfArrival() throws Exception {
        Comparison.of(MutexScenarios.class, "order").same();
    }

    @Test
    void waiter_thatIsInterrupted_leavesTheQueue() throws Exception {
        Comparison.of(MutexScenarios.class, "interrupt").same();
    }

    @Test
    void client_thatIsClosed_endsItsMutexes() throws Exception {
        Comparison.of(MutexScenarios.class, "closing")
                .differs("acquired", "true", "false")
                .otherwiseSame();
    }

    @Test
    void mutex_whoseSessionIsLost() throws Exception {
        Comparison.of(MutexScenarios.class, "loss")
                .differs("acquired, lost", "true", "false")
                .differs("owned, lost", "true", "false")
                .differs("again, lost", "true", "LeaseLostException")
                .differs("release, lost", "done", "IllegalMonitorStateException")
                .otherwiseSame();
    }

    @Test
    void mutex_whoseSessionIsInDoubt() throws Exception {
        Comparison.of(MutexScenarios.class, "suspension").same();
    }

    @Test
    void semaphoreMutex_isNotReentrant_andReleasedByAnybody() throws Exception {
        Comparison.of(MutexScenarios.class, "semaphoreMutex")
                .differs("acquire, closed", "NullPointerException", "CuratorClosedException")
                .otherwiseSame();
    }
}
