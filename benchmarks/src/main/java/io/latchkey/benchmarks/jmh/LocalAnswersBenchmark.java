package io.latchkey.benchmarks.jmh;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.internal.Name;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Questions that are answered without the database: is the lease still valid, do I lead, is this a name. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LocalAnswersBenchmark {
    /** System property with the URL of a database. */
    public static final String URL = "latchkey.bench.url";

    /** A real lease and a real leadership, which are renewed meanwhile. */
    @State(Scope.Benchmark)
    @SuppressWarnings("NullAway.Init")
    public static class Held {
        Latchkey latchkey;
        Lease lease;
        LeaderElection election;

        /** Takes both. */
        @Setup
        public void take() throws InterruptedException {
            latchkey = Latchkey.connect(System.getProperty(URL));
            lease = latchkey.lock("jmh/lease").acquire();
            election = latchkey.election("jmh/election");
            election.campaign();
            election.await();
        }

        /** Gives them back; fails if they were lost meanwhile, for then something else was measured. */
        @TearDown
        public void giveBack() {
            boolean held = lease.isValid() && election.isLeader();
            latchkey.close();
            if (!held) {
                throw new IllegalStateException("the lease was lost while it was measured");
            }
        }
    }

    /** Names as they come. */
    @State(Scope.Benchmark)
    public static class Names {
        String ascii = "orders/2026/customer-4711";
        String other = "Aufträge/2026/Kunde-4711-ä";
    }

    /** The deadline check of a lease. */
    @Benchmark
    public boolean isValid(Held held) {
        return held.lease.isValid();
    }

    /** The deadline check of a leadership. */
    @Benchmark
    public boolean isLeader(Held held) {
        return held.election.isLeader();
    }

    /** The check of a name of 25 ASCII characters. */
    @Benchmark
    public String nameOfAscii(Names names) {
        return Name.checked(names.ascii);
    }

    /** The check of a name with other letters. */
    @Benchmark
    public String nameOfOtherLetters(Names names) {
        return Name.checked(names.other);
    }
}
