package io.latchkey.benchmarks.workloads;

import io.latchkey.benchmarks.report.Metric;
import java.util.List;

/** Something that is done with all peers, round by round. */
public interface Workload {
    /** Its name on the command line and in the names of files. */
    String id();

    /** Its name for people. */
    String title();

    /** What is counted; the first one is compared. */
    List<Metric> metrics();

    /** How its figures are to be read. */
    default Layout layout() {
        return Layout.SIDE_BY_SIDE;
    }

    /** How figures are to be read. */
    enum Layout {
        /** In each variant, peers beside each other. */
        SIDE_BY_SIDE,
        /** The variants are steps of something that grows, to be compared with each other. */
        GROWTH,
        /** There are no peers. */
        ALONE
    }

    /** Does it, and puts the figures into the bench's results. */
    void run(Bench bench) throws Exception;
}
