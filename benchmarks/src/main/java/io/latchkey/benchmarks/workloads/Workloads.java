package io.latchkey.benchmarks.workloads;

import java.util.List;
import java.util.Optional;

/** All workloads, in the order in which they run. */
public final class Workloads {
    /** All. */
    public static final List<Workload> ALL = List.of(
            new Uncontended(),
            new HandOver(),
            new IdleWaiters(),
            new Failover(),
            new Rows(),
            new ConnectedClients(),
            new Cost(),
            new InProcess());

    private Workloads() {}

    /** The one with this id. */
    public static Optional<Workload> of(String id) {
        return ALL.stream().filter(workload -> workload.id().equals(id)).findFirst();
    }
}
