package io.latchkey.benchmarks.workloads;

import java.time.Duration;
import java.util.List;

/**
 * How much of everything.
 *
 * @param rounds how often each figure is taken
 * @param seconds how long for
 * @param warmUp how long before the first round
 * @param threads numbers of threads that take free locks
 * @param clients numbers of clients they share
 * @param contenders numbers of clients that want the same lock
 * @param waiters how many calls wait while nothing happens
 * @param window how long nothing happens
 * @param lease how long a lock outlives its holder, where it is killed
 * @param rows numbers of locks the database remembers
 * @param connected numbers of clients that are connected
 * @param forks JVMs per measurement inside the JVM; 0: in this one
 */
public record Scale(
        int rounds,
        double seconds,
        double warmUp,
        List<Integer> threads,
        List<Integer> clients,
        List<Integer> contenders,
        int waiters,
        Duration window,
        Duration lease,
        List<Integer> rows,
        List<Integer> connected,
        int forks) {
    /** What the documentation shows. */
    public static Scale full() {
        return new Scale(
                5,
                0.8,
                1.0,
                List.of(1, 8, 64),
                List.of(1, 8),
                List.of(2, 8, 32),
                1_000,
                Duration.ofSeconds(5),
                Duration.ofSeconds(6),
                List.of(1, 10_000, 1_000_000),
                List.of(1, 100, 200),
                1);
    }

    /** Only to see that everything works. */
    public static Scale quick() {
        return new Scale(
                2,
                0.1,
                0.05,
                List.of(1, 8),
                List.of(1, 2),
                List.of(2, 4),
                50,
                Duration.ofMillis(500),
                Duration.ofSeconds(5),
                List.of(1, 1_000),
                List.of(1, 5),
                0);
    }

    /** The same with other rounds. */
    public Scale withRounds(int other) {
        return new Scale(
                other, seconds, warmUp, threads, clients, contenders, waiters, window, lease, rows, connected, forks);
    }

    /** The same with other seconds. */
    public Scale withSeconds(double other) {
        return new Scale(
                rounds, other, warmUp, threads, clients, contenders, waiters, window, lease, rows, connected, forks);
    }

    /** The same with other numbers of threads. */
    public Scale withThreads(List<Integer> other) {
        return new Scale(
                rounds, seconds, warmUp, other, clients, contenders, waiters, window, lease, rows, connected, forks);
    }
}
