package io.latchkey.internal;

import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/** The queue that combines calls, without a database behind it. */
@State(Scope.Benchmark)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CombinerBenchmark {
    private static final UUID SESSION = UUID.randomUUID();
    private static final Reply GRANTED = Reply.of("granted");

    private final CallCombiner combiner = new CallCombiner(
            new Connector(new StubDatabase(), 1_000, Duration.ZERO), 2, () -> SESSION, Sql.Commit.UNFLUSHED, () -> {});

    /** A lone caller: what the queue adds to a call that nobody shares a round trip with. */
    @Benchmark
    public Object loneCaller() throws SQLException {
        return combiner.run(Call.alone("name", link -> GRANTED));
    }

    /** Eight callers on two connections: calls are combined, sent, answered and handed back. */
    @Benchmark
    @Threads(8)
    public Object eightCallers() throws SQLException {
        return combiner.run(Call.of(Call.Kind.RELEASE, "name", 1, Mode.EXCLUSIVE));
    }

    /** Ends the connections. */
    @TearDown
    public void close() {
        combiner.close();
    }
}
