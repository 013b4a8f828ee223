package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Connector;
import io.latchkey.internal.HolderName;
import io.latchkey.spi.LatchkeyEvents;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builds a client. Not thread-safe. */
public final class LatchkeyBuilder {
    private final Connector.Source source;
    private final List<LatchkeyEvents> events = new ArrayList<>();
    private String holder = HolderName.ofThisProcess();
    private Duration sessionTimeout = Duration.ofSeconds(15);
    private int commandConnections = 2;
    private SchemaMode schema = SchemaMode.INSTALL;
    private Durability durability = Durability.AUTO;
    private Duration pollInterval = Duration.ofMillis(100);
    private Duration spin = Duration.ofNanos(100_000);
    private Reaper reaper = Reaper.AUTO;
    private @Nullable String listenerUrl;

    LatchkeyBuilder(Connector.Source source) {
        this.source = source;
    }

    /** The public name of this client. Default: host and process id. */
    public LatchkeyBuilder holder(String holder) {
        this.holder = holder;
        return this;
    }

    /**
     * How long leases outlive this client's last renewal: the time it takes others to notice that it died. Default: 15 s. After a
     * crash of the database nothing new is granted for the longest timeout that any client ever used.
     */
    public LatchkeyBuilder sessionTimeout(Duration sessionTimeout) {
        this.sessionTimeout = sessionTimeout;
        return this;
    }

    /** How many connections carry the calls. Default: 2; calls that are made at the same moment share one. */
    public LatchkeyBuilder commandConnections(int commandConnections) {
        this.commandConnections = commandConnections;
        return this;
    }

    /** What to do about the schema. Default: {@link SchemaMode#INSTALL}. */
    public LatchkeyBuilder schema(SchemaMode schema) {
        this.schema = schema;
        return this;
    }

    /** Whether commits of session leases wait for the disk. Default: {@link Durability#AUTO}. */
    public LatchkeyBuilder durability(Durability durability) {
        this.durability = durability;
        return this;
    }

    /** How often to look while waiting where notifications do not arrive. Default: 100 ms. */
    public LatchkeyBuilder pollInterval(Duration pollInterval) {
        this.pollInterval = pollInterval;
        return this;
    }

    /**
     * For how long a call looks for its answer before its thread goes to sleep; zero: not at all. It shortens the round trips of a
     * lone caller to a database nearby, and stops by itself where it does not. Default: 100 microseconds.
     */
    public LatchkeyBuilder spin(Duration spin) {
        this.spin = spin;
        return this;
    }

    /** Who makes expiry visible. Default: {@link Reaper#AUTO}. */
    public LatchkeyBuilder reaper(Reaper reaper) {
        this.reaper = reaper;
        return this;
    }

    /** Another URL for the connection that renews and listens, past a pooler in transaction mode. Default: none. */
    public LatchkeyBuilder listenerUrl(String listenerUrl) {
        this.listenerUrl = listenerUrl;
        return this;
    }

    /** Adds somebody who is told what happens. */
    public LatchkeyBuilder events(LatchkeyEvents listener) {
        events.add(listener);
        return this;
    }

    /**
     * Connects: opens a connection, installs or checks the schema, opens a session.
     *
     * @throws CoordinationException if that fails, with one sentence that says what to do
     * @throws IllegalArgumentException if an option is out of its bounds
     */
    public Latchkey connect() {
        LatchkeyOptions options = new LatchkeyOptions(
                holder,
                sessionTimeout,
                commandConnections,
                schema,
                durability,
                pollInterval,
                spin,
                reaper,
                listenerUrl,
                events);
        return new Latchkey(Client.connect(source, options));
    }
}
