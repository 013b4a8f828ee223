package io.latchkey.examples;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import io.latchkey.curator.framework.recipes.locks.Lease;
import io.latchkey.curator.retry.ExponentialBackoffRetry;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Many workers, and never more than three of them at work, across all processes that are given the same URL. */
public final class WorkerPoolMain {
    private static final int AT_ONCE = 3;

    private WorkerPoolMain() {}

    /**
     * Does nine jobs with nine threads.
     *
     * @param arguments a JDBC URL
     */
    public static void main(String[] arguments) throws Exception {
        try (CuratorFramework client =
                CuratorFrameworkFactory.newClient(arguments[0], new ExponentialBackoffRetry(100, 3))) {
            client.start();
            InterProcessSemaphoreV2 seats = new InterProcessSemaphoreV2(client, "/reports/workers", AT_ONCE);
            ExecutorService workers = Executors.newCachedThreadPool();
            for (int job = 1; job <= 9; job++) {
                int number = job;
                var unused = workers.submit(() -> {
                    try (Lease seat = seats.acquire()) {
                        int busy = seats.getParticipantNodes().size();
                        System.out.println(
                                "Job " + number + " runs, " + busy + " at work, token " + seat.fencingToken());
                        Thread.sleep(100);
                    }
                    return null;
                });
            }
            workers.shutdown();
            System.out.println("All done: " + workers.awaitTermination(1, TimeUnit.MINUTES));
        }
    }
}
