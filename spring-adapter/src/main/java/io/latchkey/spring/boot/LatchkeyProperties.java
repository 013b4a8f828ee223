package io.latchkey.spring.boot;

import io.latchkey.Durability;
import io.latchkey.Reaper;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties of the auto-configuration.
 *
 * @param enabled Whether to connect to the database and offer locks.
 * @param dataSource Name of the data source bean whose database holds the locks. Default: the one marked with @LatchkeyDataSource, else the only or primary one.
 * @param url JDBC URL of the database that holds the locks, instead of a data source.
 * @param username User for 'latchkey.url', unless it is part of it.
 * @param password Password for 'latchkey.url', unless it is part of it.
 * @param listenerUrl JDBC URL for the connection that renews and listens, past a pooler in transaction mode.
 * @param namespace Separates applications that share a database: put in front of the names of all locks, followed by '/'.
 * @param holder Public name of this instance in 'latchkey.locks'. Default: host and process id.
 * @param sessionTimeout How long leases outlive the last renewal, so how long others wait for an instance that died.
 * @param initializeSchema Whether to create or upgrade the database schema 'latchkey' at startup.
 * @param commandConnections How many connections carry the calls, besides the one that renews and listens.
 * @param durability Whether commits of session leases wait for the disk.
 * @param pollInterval How often to look while waiting where notifications do not arrive.
 * @param spin How long a call looks again and again for an answer of the database before its thread goes to sleep; 0 for not at all.
 * @param reaper Who makes expiry visible: pg_cron where it may be used, else the clients in turn; or only one of them.
 */
@ConfigurationProperties("latchkey")
public record LatchkeyProperties(
        @DefaultValue("true") boolean enabled,
        @Nullable String dataSource,
        @Nullable String url,
        @Nullable String username,
        @Nullable String password,
        @Nullable String listenerUrl,
        @DefaultValue("") String namespace,
        @Nullable String holder,
        @DefaultValue("15s") Duration sessionTimeout,
        @DefaultValue("always") InitializeSchema initializeSchema,
        @DefaultValue("2") int commandConnections,
        @DefaultValue("auto") Durability durability,
        @DefaultValue("100ms") Duration pollInterval,
        @DefaultValue("100us") Duration spin,
        @DefaultValue("auto") Reaper reaper) {

    /** What to do about the database schema at startup. */
    public enum InitializeSchema {
        /** Create it, or upgrade it if it is older than this client needs. */
        ALWAYS,
        /** Only look whether it fits: somebody else runs the migrations. */
        NEVER
    }
}
