package io.latchkey.examples.shop;

import io.latchkey.testkit.JavaProcess;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;

/** A process that runs the service, and what it reports. */
final class Instance implements AutoCloseable {
    private static final Duration FOR_EVER = Duration.ofDays(365);

    final String name;
    private final JavaProcess process;

    Instance(String name, String url, int port) {
        this.name = name;
        this.process = JavaProcess.start(ShopApplication.class, List.of("-Xmx256m"), url, Integer.toString(port), name);
    }

    long pid() {
        return process.pid();
    }

    /** Waits until it serves, and returns its port. */
    int awaitReady() {
        return Integer.parseInt(
                process.expect("^READY (\\d+)$", Duration.ofMinutes(1)).group(1));
    }

    /** Hands on what it reports, on a thread, until it ends. */
    void report(BiConsumer<String, String> listener, Runnable ended) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (true) {
                            Matcher report = process.expect("^(LEADS|SHIPPED) (.*)$", FOR_EVER);
                            listener.accept(report.group(1), report.group(2));
                        }
                    } catch (AssertionError over) {
                        ended.run();
                    }
                },
                "reports-of-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        process.close();
    }
}
