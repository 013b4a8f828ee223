package io.latchkey.benchmarks.workloads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that do something again and again for a while. They stay, so that what belongs to a thread does too. */
final class Crew implements AutoCloseable {
    private final int size;
    private final ExecutorService threads;

    Crew(int size) {
        this.size = size;
        this.threads = Executors.newFixedThreadPool(size, task -> {
            Thread thread = new Thread(null, task, "bench", 256 * 1024);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** One turn of one member. */
    @FunctionalInterface
    interface Turn {
        void take(int member, long number) throws Exception;
    }

    int size() {
        return size;
    }

    /** All turns of all members per second; each begins at least {@code atLeast}. */
    double rate(double seconds, long atLeast, Turn turn) throws Exception {
        CyclicBarrier start = new CyclicBarrier(size);
        List<Future<Double>> rates = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            int member = i;
            rates.add(threads.submit(() -> {
                start.await();
                long begin = System.nanoTime();
                long end = begin + (long) (seconds * 1e9);
                long turns = 0;
                while (turns < atLeast || System.nanoTime() - end < 0) {
                    turn.take(member, turns++);
                }
                return turns / ((System.nanoTime() - begin) / 1e9);
            }));
        }
        double sum = 0;
        for (Future<Double> rate : rates) {
            sum += get(rate);
        }
        return sum;
    }

    private static double get(Future<Double> rate) throws Exception {
        try {
            return rate.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
