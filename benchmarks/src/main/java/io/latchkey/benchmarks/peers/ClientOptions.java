package io.latchkey.benchmarks.peers;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What differs from one workload to another. Everything else is what the peer recommends.
 *
 * @param lease how long a lock outlives a client that died; null: the peer's default
 * @param pool how many connections a pool has, for the peers that have one
 */
public record ClientOptions(@Nullable Duration lease, int pool) {
    /** HikariCP's default. */
    public static final int POOL = 10;

    /** For clients with several threads. */
    public static ClientOptions defaults() {
        return new ClientOptions(null, POOL);
    }

    /** For many clients with one thread each: as many connections as Latchkey has for calls. */
    public static ClientOptions oneThread() {
        return new ClientOptions(null, 2);
    }

    /** The same with leases of this length. */
    public ClientOptions lease(Duration length) {
        return new ClientOptions(length, pool);
    }
}
