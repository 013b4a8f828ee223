package io.latchkey.examples.demo;

import io.latchkey.testkit.JavaProcess;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;

/** The parent's end of a worker process. */
final class Worker implements AutoCloseable {
    private static final Duration FOR_EVER = Duration.ofDays(1000);

    private final String name;
    private final JavaProcess process;

    Worker(String name, String url, BlockingQueue<Report> reports) {
        this.name = name;
        this.process = JavaProcess.start(WorkerMain.class, List.of("-Xmx64m"), name);
        process.send(url);
        Thread reader = new Thread(() -> read(reports), "reports-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    void tell(String order) {
        try {
            process.send(order);
        } catch (UncheckedIOException e) {
            // It is gone; its last report says so.
        }
    }

    /** SIGKILL, which is kill -9. Returns when it is gone. */
    void kill() {
        process.kill();
    }

    /** SIGSTOP. Returns when it stands still. */
    void stop() {
        process.stop();
    }

    /** SIGCONT. */
    void resume() {
        process.cont();
    }

    @Override
    public void close() {
        process.close();
    }

    private void read(BlockingQueue<Report> reports) {
        try {
            while (true) {
                reports.add(Report.parse(name, process.expect(Report.PATTERN, FOR_EVER)));
            }
        } catch (AssertionError ended) {
            List<String> said = process.output().stream()
                    .filter(line -> !line.startsWith("@ "))
                    .toList();
            reports.add(new Report(name, Report.Kind.ENDED, 0, System.nanoTime(), String.join("\n  ", said)));
        }
    }
}
