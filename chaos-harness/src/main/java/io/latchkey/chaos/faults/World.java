package io.latchkey.chaos.faults;

import java.time.Duration;
import java.util.List;

/**
 * What faults work on.
 *
 * @param cluster the database
 * @param workers the workers, in the order of their numbers
 * @param sessionTimeout the timeout of their sessions, and the grace period
 */
public record World(Cluster cluster, List<WorkerProcess> workers, Duration sessionTimeout) {
    /** The worker with this number, from 1. */
    public WorkerProcess worker(int number) {
        return workers.get(number - 1);
    }
}
