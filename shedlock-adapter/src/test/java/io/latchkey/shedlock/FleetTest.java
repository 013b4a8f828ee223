package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.PostgresServer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A fleet that fires all its jobs at the same moment, period after period. A period ends when every instance has tried every job;
 * until then whoever got one keeps it, so a job that ran twice, or not at all, shows. Needs 60 connections: three for each client.
 */
class FleetTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final int PROCESSES = 4;
    private static final int INSTANCES = 20;
    private static final int JOBS = 100;
    private static final int PERIODS = 60;

    @Test
    void eachJob_runsExactlyOnceInEachPeriod_andTheDatabaseLogsNoError() throws SQLException {
        List<JavaProcess> workers = new ArrayList<>();
        try (CrashableServer server = PostgresServer.start()) {
            String url = server.address().url();
            Latchkey.connect(url).close();
            int from = server.log().length();
            for (int i = 0; i < PROCESSES; i++) {
                workers.add(JavaProcess.start(
                        FleetWorker.class, url, Integer.toString(INSTANCES / PROCESSES), Integer.toString(JOBS)));
            }
            workers.forEach(worker -> worker.expect("^ready$", LONG));
            String[] all =
                    IntStream.range(0, JOBS).mapToObj(job -> "job-" + job).toArray(String[]::new);
            for (int period = 0; period < PERIODS; period++) {
                assertThat(ran(workers)).as("period " + period).containsExactlyInAnyOrder(all);
                workers.forEach(worker -> worker.send("end"));
                workers.forEach(worker -> worker.expect("^ended$", LONG));
            }
            assertThat(errors(server, from)).isEmpty();
            try (Connection connection = server.address().connect()) {
                connection.createStatement().execute("DO $$ BEGIN RAISE WARNING 'found'; END $$");
            }
            assertThat(errors(server, from))
                    .as("the search finds what there is")
                    .hasSize(1);
        } finally {
            workers.forEach(JavaProcess::close);
        }
    }

    private static List<String> ran(List<JavaProcess> workers) {
        workers.forEach(worker -> worker.send("fire"));
        List<String> jobs = new ArrayList<>();
        for (JavaProcess worker : workers) {
            String line = worker.expect("^ran ?(.*)$", LONG).group(1);
            if (!line.isEmpty()) {
                jobs.addAll(List.of(line.split(" ")));
            }
        }
        return jobs;
    }

    private static List<String> errors(CrashableServer server, int from) {
        return server.log()
                .substring(from)
                .lines()
                .filter(line -> line.matches(".*\\b(WARNING|ERROR|FATAL|PANIC):.*"))
                .toList();
    }
}
