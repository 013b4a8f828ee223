package io.latchkey.examples.demo;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The worker processes, and what they report. For one thread. */
final class Crew implements AutoCloseable {
    static final List<String> NAMES = List.of("ada", "ben", "cleo", "dora");
    static final String SQL_NAMES = "'" + String.join("', '", NAMES) + "'";

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final String url;
    private final Consumer<Report> listener;
    private final BlockingQueue<Report> reports = new LinkedBlockingQueue<>();
    private final Map<String, Worker> workers = new LinkedHashMap<>();

    Crew(String url, Consumer<Report> listener) {
        this.url = url;
        this.listener = listener;
    }

    /** Starts a worker in place of the one of that name, if any. It reports when it is ready. */
    Worker hire(String name) {
        Worker worker = new Worker(name, url, reports);
        workers.put(name, worker);
        return worker;
    }

    /** Of one that was killed nothing more is expected. */
    void dismiss(Worker worker) {
        worker.close();
        workers.remove(worker.name(), worker);
    }

    Worker worker(String name) {
        Worker worker = workers.get(name);
        if (worker == null) {
            throw new IllegalArgumentException(name);
        }
        return worker;
    }

    List<Worker> workers() {
        return List.copyOf(workers.values());
    }

    void tellAll(String order) {
        workers.values().forEach(worker -> worker.tell(order));
    }

    /** The next report, or null if there is none in that time. */
    @Nullable
    Report next(Duration limit) throws InterruptedException {
        Report report = reports.poll(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
        if (report != null) {
            listener.accept(report);
        }
        return report;
    }

    /** Takes in reports for so long. */
    void listen(Duration time) throws InterruptedException {
        long until = System.nanoTime() + time.toNanos();
        while (System.nanoTime() - until < 0) {
            failIfEnded(next(Duration.ofNanos(until - System.nanoTime())));
        }
    }

    /** Takes in reports up to one like this. */
    Report await(String what, Predicate<Report> wanted) throws InterruptedException {
        long until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() - until < 0) {
            Report report = next(Duration.ofNanos(until - System.nanoTime()));
            if (report != null && wanted.test(report)) {
                return report;
            }
            failIfEnded(report);
        }
        throw new DemoException("Waited " + PATIENCE.toSeconds() + " s in vain: " + what + ".");
    }

    /** Lets all of them finish their turn and end by themselves. */
    void end() throws InterruptedException {
        List<Worker> all = workers();
        workers.clear();
        try {
            all.forEach(worker -> worker.tell("quit"));
            for (int ended = 0; ended < all.size(); ended++) {
                await("the workers to end", report -> report.kind() == Report.Kind.ENDED);
            }
        } finally {
            all.forEach(Worker::close);
        }
    }

    @Override
    public void close() {
        workers().forEach(this::dismiss);
    }

    private void failIfEnded(@Nullable Report report) {
        if (report != null && report.kind() == Report.Kind.ENDED && workers.containsKey(report.worker())) {
            throw new DemoException(
                    "The worker " + report.worker() + " has ended by itself. It said:\n  " + report.text());
        }
    }
}
