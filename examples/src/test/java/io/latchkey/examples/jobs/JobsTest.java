package io.latchkey.examples.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The example as its readers run it. */
final class JobsTest {
    private static final Duration SOON = Duration.ofMinutes(1);

    @Test
    void job_runsExactlyOncePerPeriod_whileAnInstanceIsKilledAgainAndAgain() {
        try (TestDatabase database = PostgresServer.shared().database();
                JavaProcess example = JavaProcess.start(JobsMain.class, database.url())) {
            example.expect("kill -9 \\d+", SOON);
            example.expect("after the kill", SOON);
            example.expect("Exactly once per period, over 4 kills", SOON);
            assertThat(example.awaitExit(SOON)).isTrue();
            assertThat(example.output())
                    .noneMatch(line -> line.contains("NOT AS EXPECTED"))
                    .allMatch(line -> line.length() <= 90);
        }
    }
}
