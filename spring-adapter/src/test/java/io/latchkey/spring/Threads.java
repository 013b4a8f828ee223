package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Other threads for a test: each call on a new one, and all gone at its end. */
final class Threads implements AfterEachCallback {
    private ExecutorService executor = Executors.newCachedThreadPool();

    /** Starts something on another thread. */
    <T> Future<T> start(Callable<T> work) {
        return executor.submit(work);
    }

    /** What it returns on another thread. */
    <T> T elsewhere(Callable<T> work) throws Exception {
        return start(work).get(20, TimeUnit.SECONDS);
    }

    /** Until this thread waits for something. */
    static void awaitBlocked(Thread thread) {
        org.awaitility.Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() ->
                        thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING);
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        executor.shutdownNow();
        assertThat(executor.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
        executor = Executors.newCachedThreadPool();
    }
}
