package io.latchkey.benchmarks.peers;

/** Something that locks, on a server that runs. */
public interface Peer {
    /** A new client. */
    LockClient connect(ClientOptions options) throws Exception;
}
