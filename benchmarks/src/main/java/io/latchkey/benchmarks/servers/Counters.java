package io.latchkey.benchmarks.servers;

/**
 * What a server had done at a moment; NaN for what it does not count.
 *
 * @param statements statements, commands or requests of clients
 * @param transactions transactions that ended
 * @param logBytes bytes of its write-ahead log
 * @param cpuNanos time on the processor of all its processes
 */
public record Counters(double statements, double transactions, double logBytes, double cpuNanos) {
    /** What it did between two moments. */
    public Counters since(Counters before) {
        return new Counters(
                statements - before.statements,
                transactions - before.transactions,
                logBytes - before.logBytes,
                cpuNanos - before.cpuNanos);
    }
}
