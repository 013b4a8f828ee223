package io.latchkey.faults;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Threads of several clients that fight for a few locks, and look whether two of them ever believe that they hold the same one. */
final class Contention {
    private final List<AtomicReference<@Nullable Lease>> lastLeases = new ArrayList<>();
    private final Queue<String> violations = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final List<AtomicInteger> acquired = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean over;

    Contention(List<Latchkey> clients, int threadsPerClient, int locks) {
        for (int i = 0; i < locks; i++) {
            lastLeases.add(new AtomicReference<>());
        }
        for (Latchkey client : clients) {
            for (int i = 0; i < threadsPerClient; i++) {
                AtomicInteger count = new AtomicInteger();
                int first = threads.size();
                acquired.add(count);
                threads.add(new Thread(() -> fight(client, first, count), "fighter-" + first));
            }
        }
        threads.forEach(Thread::start);
    }

    private void fight(Latchkey client, int first, AtomicInteger count) {
        try {
            for (int i = first; !over; i++) {
                int number = i % lastLeases.size();
                Lease lease = client.lock("lock " + number).acquire();
                Lease before = lastLeases.get(number).getAndSet(lease);
                // In this order: what is valid now, and was granted before that question, was valid then.
                if (before != null && before.isValid() && lease.isValid()) {
                    violations.add(before + " and " + lease);
                }
                if (before != null && before.fencingToken() >= lease.fencingToken() && lease.isValid()) {
                    violations.add(lease + " after " + before);
                }
                LockSupport.parkNanos(200_000);
                lease.release();
                count.incrementAndGet();
            }
        } catch (InterruptedException | RuntimeException | Error e) {
            failures.add(e);
        }
    }

    /** What went wrong so far; empty if nothing did. */
    List<Object> wrong() {
        List<Object> all = new ArrayList<>(violations);
        all.addAll(failures);
        return all;
    }

    /** How often each thread has had a lock. */
    List<Integer> counts() {
        return acquired.stream().map(AtomicInteger::get).toList();
    }

    /** Lets every thread finish. Returns false if one of them does not. */
    boolean end(Duration limit) throws InterruptedException {
        over = true;
        long deadline = System.nanoTime() + limit.toNanos();
        for (Thread thread : threads) {
            thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
        }
        return threads.stream().noneMatch(Thread::isAlive);
    }
}
