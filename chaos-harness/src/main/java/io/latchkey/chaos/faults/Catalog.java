package io.latchkey.chaos.faults;

import java.util.List;
import java.util.stream.Stream;

/** All kinds of faults there are. */
public final class Catalog {
    private Catalog() {}

    /** All of them, in a fixed order. */
    public static List<FaultKind> all() {
        return Stream.of(
                        ServerFaults.all(),
                        DiskFaults.all(),
                        WorkerFaults.all(),
                        NetworkFaults.all(),
                        PacketFaults.all(),
                        PoolerFaults.all(),
                        SqlFaults.all(),
                        SchemaFaults.all(),
                        NotificationFaults.all(),
                        ClockFaults.all())
                .flatMap(List::stream)
                .toList();
    }

    /**
     * Those with these names.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static List<FaultKind> named(List<String> names) {
        return names.stream()
                .map(name -> Stream.concat(all().stream(), Stream.of(WorkerFaults.clockStep()))
                        .filter(kind -> kind.name().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("there is no fault '" + name + "'; there are: "
                                + all().stream().map(FaultKind::name).toList())))
                .toList();
    }
}
