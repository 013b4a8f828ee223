package io.latchkey.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The demo as its readers run it: as a process, with its workers as processes of their own. */
final class DemoTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void demo_onTheReadersServer_keepsItsPromisesAndLeavesNothing() throws SQLException {
        try (TestDatabase database = PostgresServer.shared().database();
                JavaProcess demo = JavaProcess.start(DemoMain.class, "--url", database.url())) {
            demo.expect("cleo.*pid ", SOON);
            List<ProcessHandle> workers = children(demo);
            assertThat(workers).hasSize(3);
            demo.expect("kill -9", SOON);
            demo.expect("isValid\\(\\) = false", SOON);
            demo.expect("refused by the database: SQLSTATE LK001", SOON);
            demo.expect("\\d+ rows, one for each turn", SOON);
            demo.expect("All expectations held", SOON);
            assertThat(demo.awaitExit(SOON)).isTrue();
            assertThat(demo.output())
                    .noneMatch(line -> line.contains("NOT AS EXPECTED"))
                    .allMatch(line -> line.length() <= 80);
            assertThat(workers).noneMatch(ProcessHandle::isAlive);
            assertThat(schemas(database)).isZero();
        }
    }

    @Test
    void demo_terminated_leavesNoProcess() throws IOException, InterruptedException {
        try (JavaProcess demo = JavaProcess.start(DemoMain.class)) {
            demo.expect("was free", SOON);
            List<ProcessHandle> family = children(demo);
            assertThat(family).hasSizeGreaterThan(3); // the workers and the server
            // As Ctrl-C does; but SIGINT is ignored where the tests themselves run in the background of a shell.
            new ProcessBuilder("kill", "-s", "TERM", Long.toString(demo.pid()))
                    .start()
                    .waitFor();
            assertThat(demo.awaitExit(SOON)).isTrue();
            awaitEnd(family);
            assertThat(demo.output()).noneMatch(line -> line.startsWith("demo: ") || line.contains("Checked"));
        }
    }

    @Test
    void demo_thatCannotConnect_saysSoInOneLine() {
        try (JavaProcess demo = JavaProcess.start(
                DemoMain.class, "--url", "jdbc:postgresql://127.0.0.1:1/app?user=app&password=secret")) {
            assertThat(demo.awaitExit(SOON)).isTrue();
            assertThat(demo.output())
                    .singleElement()
                    .asString()
                    .startsWith("demo: ")
                    .contains("127.0.0.1:1")
                    .doesNotContain("secret");
        }
    }

    /** Orphans: the server's, whose parent is gone before them. */
    private static void awaitEnd(List<ProcessHandle> processes) throws InterruptedException {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (processes.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() - deadline < 0) {
            Thread.sleep(20);
        }
        assertThat(processes).noneMatch(ProcessHandle::isAlive);
    }

    private static List<ProcessHandle> children(JavaProcess process) {
        return ProcessHandle.of(process.pid()).orElseThrow().descendants().toList();
    }

    private static int schemas(TestDatabase database) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT count(*) FROM pg_namespace WHERE nspname ~ 'latchkey'")) {
            row.next();
            return row.getInt(1);
        }
    }
}
