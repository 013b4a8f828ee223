package io.latchkey;

import io.latchkey.spi.LatchkeyEvents;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a client behaves; immutable. {@link LatchkeyBuilder} has the defaults.
 *
 * @param holder the public name of this client, seen by everybody in {@code latchkey.locks}: 1 to 512 bytes
 * @param sessionTimeout how long its leases outlive its last renewal: 500 ms to 1 hour. It renews every third of it
 * @param commandConnections how many connections carry the calls, besides the one that renews and listens: 1 to 64
 * @param schema what to do about the schema when connecting
 * @param durability whether the commits of session leases wait for the disk
 * @param pollInterval how often to look while waiting where notifications do not arrive: 5 ms to 1 minute
 * @param spin for how long a call looks for its answer before its thread goes to sleep: 0 to 1 ms
 * @param reaper who makes expiry visible
 * @param listenerUrl where to renew and listen if not at the same URL (a direct one beside a pooler), or null
 * @param events who is told what happens
 */
public record LatchkeyOptions(
        String holder,
        Duration sessionTimeout,
        int commandConnections,
        SchemaMode schema,
        Durability durability,
        Duration pollInterval,
        Duration spin,
        Reaper reaper,
        @Nullable String listenerUrl,
        List<LatchkeyEvents> events) {

    /** Checks the bounds. */
    public LatchkeyOptions {
        int bytes = holder.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > 512 || holder.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("holder has 1 to 512 bytes and no NUL");
        }
        requireBetween("sessionTimeout", sessionTimeout, Duration.ofMillis(500), Duration.ofHours(1));
        requireBetween("pollInterval", pollInterval, Duration.ofMillis(5), Duration.ofMinutes(1));
        requireBetween("spin", spin, Duration.ZERO, Duration.ofMillis(1));
        if (commandConnections < 1 || commandConnections > 64) {
            throw new IllegalArgumentException("commandConnections is 1 to 64, not " + commandConnections);
        }
        Objects.requireNonNull(schema, "schema");
        Objects.requireNonNull(durability, "durability");
        Objects.requireNonNull(reaper, "reaper");
        events = List.copyOf(events);
    }

    private static void requireBetween(String what, Duration value, Duration least, Duration most) {
        if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(what + " is " + least + " to " + most + ", not " + value);
        }
    }
}
