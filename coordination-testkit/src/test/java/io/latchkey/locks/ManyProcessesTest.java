package io.latchkey.locks;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.LockWorker;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Exclusion and order across processes, judged by one monotonic clock. */
class ManyProcessesTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final int PROCESSES = 3;
    private static final int THREADS = 8;
    private static final int TURNS = 834; // 3 x 8 x 834 = 20,016
    private static final String NAMES = "one two three four five";

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private record Turn(long token, long from, long until) {}

    @Test
    void twentyThousandTurnsOfThreeProcesses_neverOverlap_andTokensRise() {
        List<JavaProcess> workers = new ArrayList<>();
        try {
            for (int i = 0; i < PROCESSES; i++) {
                workers.add(worker("worker-" + i));
            }
            workers.forEach(worker -> worker.expect("ready", LONG));
            workers.forEach(worker -> worker.send("contend " + THREADS + " " + TURNS + " " + NAMES));
            workers.forEach(worker -> worker.expect("contended", LONG));
            Map<String, List<Turn>> turns = new HashMap<>();
            for (JavaProcess worker : workers) {
                assertThat(worker.output()).noneMatch(line -> line.startsWith("invalid"));
                read(worker, turns);
            }
            assertThat(turns.values().stream().mapToInt(List::size).sum()).isEqualTo(PROCESSES * THREADS * TURNS);
            turns.values().forEach(ManyProcessesTest::assertExclusive);
        } finally {
            workers.forEach(JavaProcess::close);
        }
    }

    private static void read(JavaProcess worker, Map<String, List<Turn>> turns) {
        for (String line : worker.output()) {
            String[] words = line.split(" ");
            if (words[0].equals("turn")) {
                turns.computeIfAbsent(words[1], name -> new ArrayList<>())
                        .add(new Turn(Long.parseLong(words[2]), Long.parseLong(words[3]), Long.parseLong(words[4])));
            }
        }
    }

    private static void assertExclusive(List<Turn> turns) {
        turns.sort(Comparator.comparingLong(Turn::from));
        for (int i = 1; i < turns.size(); i++) {
            assertThat(turns.get(i).from())
                    .isGreaterThanOrEqualTo(turns.get(i - 1).until());
            assertThat(turns.get(i).token()).isGreaterThan(turns.get(i - 1).token());
        }
    }

    @Test
    void waitersOfThreeProcesses_areServedInTheOrderOfArrival() throws Exception {
        List<JavaProcess> workers = new ArrayList<>();
        try (JavaProcess holder = worker("holder")) {
            holder.expect("ready", LONG);
            holder.send("acquire fifo");
            holder.expect("acquired \\d+", LONG);
            for (int i = 0; i < PROCESSES; i++) {
                JavaProcess worker = worker("waiter-" + i);
                workers.add(worker);
                worker.expect("ready", LONG);
                worker.send("acquire fifo");
                Waiting.awaitWaiters(POSTGRES.database(), "fifo", i + 1);
            }
            holder.send("release");
            long last = 0;
            for (JavaProcess worker : workers) {
                long token =
                        Long.parseLong(worker.expect("acquired (\\d+)", LONG).group(1));
                assertThat(token).isGreaterThan(last);
                last = token;
                worker.send("release");
                worker.expect("released true", LONG);
            }
        } finally {
            workers.forEach(JavaProcess::close);
        }
    }

    private static JavaProcess worker(String name) {
        return JavaProcess.start(LockWorker.class, POSTGRES.database().url(), name, "15000");
    }
}
