package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.MultiLockScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MultiLockTest {
    @Test
    void multiLock_isAllOrNothing() throws Exception {
        Comparison.of(MultiLockScenarios.class, "allOrNothing")
                .differs("released, not acquired", "Exception", "IllegalMonitorStateException")
                .otherwiseSame();
    }

    @Test
    void multiLock_hasOneTimeLimit() throws Exception {
        Comparison.of(MultiLockScenarios.class, "oneDeadline")
                .differs("two in half a second", "true", "false")
                .otherwiseSame();
    }

    @Test
    void locker_givesBackAtTheEndOfItsBlock() throws Exception {
        Comparison.of(MultiLockScenarios.class, "locker").same();
    }
}
