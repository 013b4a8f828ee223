package io.latchkey.benchmarks.report;

/**
 * One figure.
 *
 * @param workload the id of what was done
 * @param setting its variant, such as "8 threads, 1 client"
 * @param peer the id of who did it
 * @param round the round, from 1
 * @param metric what was counted
 * @param value the figure
 */
public record Sample(String workload, String setting, String peer, int round, Metric metric, double value) {}
