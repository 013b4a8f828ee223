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

    @Test
    void leader_thatIsKilled_isFollowedByTheNext_andOneThatLeavesAtOnce() {
        try (TestDatabase database = PostgresServer.shared().database();
                JavaProcess ann = JavaProcess.start(LeaderLatchMain.class, database.url(), "ann")) {
            long first =
                    Long.parseLong(ann.expect("ann leads, term (\\d+)", SOON).group(1));
            try (JavaProcess ben = JavaProcess.start(LeaderLatchMain.class, database.url(), "ben");
                    JavaProcess cleo = candidateAfter(ben, database)) {
                ann.kill();
                long second = Long.parseLong(
                        ben.expect("ben leads, term (\\d+)", SOON).group(1));
                assertThat(second).isGreaterThan(first);
                ben.send("");
                ben.expect("ben has left", SOON);
                cleo.expect("cleo leads, term \\d+", SOON);
            }
        }
    }

    private static JavaProcess candidateAfter(JavaProcess before, TestDatabase database) {
        before.expect("ben is a candidate", SOON);
        return JavaProcess.start(LeaderLatchMain.class, database.url(), "cleo");
    }

    @Test
    void workers_areNeverMoreThanThereAreSeats() {
        try (TestDatabase database = PostgresServer.shared().database();
                JavaProcess pool = JavaProcess.start(WorkerPoolMain.class, database.url())) {
            pool.expect("All done: true", SOON);
            assertThat(pool.output())
                    .filteredOn(line -> line.startsWith("Job "))
                    .hasSize(9)
                    .allMatch(line -> line.matches("Job \\d runs, [123] at work, token \\d+"));
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
