package io.latchkey.benchmarks.servers;

/** A server that runs. Closing it stops the process that was started, and deletes its files. */
public interface Server extends AutoCloseable {
    /** Name and version, as the server tells it. */
    String version();

    /**
     * Where its clients connect to.
     *
     * @param space a database of that name, where the server has such a thing; made when it is asked for
     */
    String address(String space);

    /** What it has done so far. */
    Counters counters(String space);

    /** Brings a space into the state in which it is after it was used for a while (statistics are collected). */
    default void settle(String space) {}

    @Override
    void close();
}
