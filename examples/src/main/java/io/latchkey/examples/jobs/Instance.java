package io.latchkey.examples.jobs;

import io.latchkey.testkit.JavaProcess;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;

/** The parent's end of an instance. */
final class Instance implements AutoCloseable {
    /**
     * What an instance says.
     *
     * @param from who
     * @param what {@code began} or {@code ran}
     * @param period which
     * @param token under which fencing token
     */
    record Event(Instance from, String what, long period, long token) {}

    private static final Duration FOR_EVER = Duration.ofDays(1000);

    private final String name;
    private final JavaProcess process;

    Instance(String name, String url, int delayMs, BlockingQueue<Event> events) {
        this.name = name;
        this.process =
                JavaProcess.start(JobInstanceMain.class, List.of("-Xmx64m"), url, name, Integer.toString(delayMs));
        Thread reader = new Thread(() -> read(events), "events-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    /** SIGKILL. Returns when it is gone. */
    void kill() {
        process.close();
    }

    private void read(BlockingQueue<Event> events) {
        try {
            process.expect("^ready$", FOR_EVER);
            process.send("go");
            while (true) {
                var line = process.expect("^(began|ran) (\\d+) (\\d+)$", FOR_EVER);
                events.add(
                        new Event(this, line.group(1), Long.parseLong(line.group(2)), Long.parseLong(line.group(3))));
            }
        } catch (AssertionError | RuntimeException ended) {
            // Killed, or the example is over.
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
