package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.ReadWriteScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ReadWriteLockTest {
    @Test
    void sides_goTogetherAsCuratorsDo() throws Exception {
        Comparison.of(ReadWriteScenarios.class, "sides").same();
    }

    @Test
    void writer_goesOnAsReader() throws Exception {
        Comparison.of(ReadWriteScenarios.class, "downgrade").same();
    }

    @Test
    void reader_neverBecomesWriter() throws Exception {
        Comparison.of(ReadWriteScenarios.class, "upgrade")
                .differs("without a limit", "waits for ever", "IllegalStateException")
                .otherwiseSame();
    }

    @Test
    void reader_waitsBehindWriter() throws Exception {
        Comparison.of(ReadWriteScenarios.class, "fairness").same();
    }
}
