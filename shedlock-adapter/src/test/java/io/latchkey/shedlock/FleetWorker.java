package io.latchkey.shedlock;

import io.latchkey.Latchkey;
import io.latchkey.testkit.ParentChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;

/**
 * Some of the instances of a fleet, in one process. Arguments: URL, number of instances, number of jobs. For each line it is sent,
 * all instances try all jobs at once; it answers {@code ran JOB...}, and keeps the locks until the next line, {@code end}.
 */
final class FleetWorker {
    private static final int THREADS = 4;

    private FleetWorker() {}

    public static void main(String[] args) throws Exception {
        ParentChannel parent = ParentChannel.open();
        int jobs = Integer.parseInt(args[2]);
        List<LatchkeyLockProvider> instances = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(args[1]); i++) {
            instances.add(new LatchkeyLockProvider(Latchkey.connect(args[0])));
        }
        ExecutorService threads = Executors.newFixedThreadPool(THREADS * instances.size());
        parent.send("ready");
        while (true) {
            parent.receive();
            Queue<String> ran = new ConcurrentLinkedQueue<>();
            Queue<SimpleLock> held = new ConcurrentLinkedQueue<>();
            List<Future<?>> firing = new ArrayList<>();
            for (LatchkeyLockProvider instance : instances) {
                AtomicInteger next = new AtomicInteger();
                for (int i = 0; i < THREADS; i++) {
                    firing.add(threads.submit(() -> fire(instance, next, jobs, ran, held)));
                }
            }
            await(firing);
            parent.send("ran " + String.join(" ", ran));
            parent.receive();
            await(held.stream()
                    .<Future<?>>map(lock -> threads.submit(lock::unlock))
                    .toList());
            parent.send("ended");
        }
    }

    private static void fire(
            LatchkeyLockProvider instance, AtomicInteger next, int jobs, Queue<String> ran, Queue<SimpleLock> held) {
        for (int job = next.getAndIncrement(); job < jobs; job = next.getAndIncrement()) {
            String name = "job-" + job;
            instance.lock(new LockConfiguration(Instant.now(), name, Duration.ofMinutes(5), Duration.ZERO))
                    .ifPresent(lock -> {
                        ran.add(name);
                        held.add(lock);
                    });
        }
    }

    private static void await(List<Future<?>> all) throws Exception {
        for (Future<?> one : all) {
            one.get();
        }
    }
}
