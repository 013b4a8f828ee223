package io.latchkey.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ExamplesTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void examples_onAnEmptyDatabase_sayWhatTheyShow() {
        try (TestDatabase database = PostgresServer.shared().database()) {
            run(LockMain.class, database, "I have it, token \\d+, for PT", "A second one: false");
            run(FencedWriteMain.class, database, "Written under token \\d+");
            run(ScheduledJobMain.class, database, "My turn, for at most \\d+ s");
            run(ScheduledJobMain.class, database, "Runs elsewhere, or ran a moment ago");
        }
    }

    private static void run(Class<?> example, TestDatabase database, String... lines) {
        try (JavaProcess process = JavaProcess.start(example, database.url())) {
            for (String line : lines) {
                process.expect(line, SOON);
            }
            assertThat(process.awaitExit(SOON)).isTrue();
        }
    }
}
