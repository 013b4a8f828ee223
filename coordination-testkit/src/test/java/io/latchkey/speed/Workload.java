package io.latchkey.speed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Something that is done again and again by a number of threads for a while. */
final class Workload {
    private Workload() {}

    /** One turn of one thread. */
    @FunctionalInterface
    interface Turn {
        void run(int thread, long turn) throws Exception;
    }

    /** Turns per second. */
    static double rate(int threads, double seconds, Turn turn) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            long start = System.nanoTime();
            long end = start + (long) (seconds * 1e9);
            List<Future<Long>> counts = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int thread = i;
                counts.add(executor.submit(() -> {
                    long turns = 0;
                    while (System.nanoTime() - end < 0) {
                        turn.run(thread, turns++);
                    }
                    return turns;
                }));
            }
            long sum = 0;
            for (Future<Long> count : counts) {
                sum += get(count);
            }
            return sum / ((System.nanoTime() - start) / 1e9);
        } finally {
            executor.shutdownNow();
        }
    }

    private static long get(Future<Long> count) throws Exception {
        try {
            return count.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("a turn failed", e.getCause());
        }
    }

    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    static String spread(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return String.format(
                java.util.Locale.ROOT,
                "%.2f (%.2f to %.2f)",
                sorted[sorted.length / 2],
                sorted[0],
                sorted[sorted.length - 1]);
    }
}
