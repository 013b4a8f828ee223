package io.latchkey.benchmarks.report;

import java.util.Arrays;
import java.util.Locale;

/** What is counted. */
public enum Metric {
    PAIRS("pairs/s", true),
    HAND_OVERS("hand-overs/s", true),
    MEDIAN("median us", false),
    P99("p99 us", false),
    LEAST_TURNS("fewest turns / fair share", true),
    MOST_TURNS("most turns / fair share", false),
    STATEMENTS_PER_SECOND("statements/s", false),
    STATEMENTS_PER_RENEWAL("statements per client and renewal", false),
    CPU_PER_SECOND("server CPU ms/s", false),
    CLOSED("after close, ms", false),
    KILLED("after kill -9, s", false),
    STATEMENTS("statements per pair", false),
    TRANSACTIONS("transactions per pair", false),
    LOG_BYTES("WAL bytes per pair", false),
    CPU("server CPU us per pair", false),
    NANOS("ns per call", false),
    ALLOCATED("bytes allocated per call", false);

    private final String unit;
    private final boolean moreIsBetter;

    Metric(String unit, boolean moreIsBetter) {
        this.unit = unit;
        this.moreIsBetter = moreIsBetter;
    }

    /** Its name in CSV files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one with this name. */
    public static Metric of(String id) {
        return Arrays.stream(values())
                .filter(metric -> metric.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no metric " + id));
    }

    /** What a value is a number of. */
    public String unit() {
        return unit;
    }

    /** Whether more of it is better. */
    public boolean moreIsBetter() {
        return moreIsBetter;
    }

    /** How many times better one value is than another. */
    public double timesBetter(double one, double other) {
        return moreIsBetter ? one / other : other / one;
    }
}
