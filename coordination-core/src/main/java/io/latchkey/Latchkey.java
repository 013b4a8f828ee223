package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Connector;
import javax.sql.DataSource;

/**
 * A client: one session with the database, any number of locks. Make one per application and database, and close it at the
 * end. Thread-safe, also for virtual threads. It has connections of its own (two for calls, one that renews and listens), takes
 * part in no transaction of the application, and recovers from restarts, failovers and broken connections by itself.
 */
public final class Latchkey implements AutoCloseable {
    private final Client client;

    Latchkey(Client client) {
        this.client = client;
    }

    /**
     * Connects with the defaults of {@link LatchkeyBuilder}.
     *
     * @param url a pgjdbc URL with user and password, such as {@code jdbc:postgresql://host/database?user=app}; with several
     *     hosts it goes to the primary
     * @throws CoordinationException if that fails, with one sentence that says what to do
     */
    public static Latchkey connect(String url) {
        return builder(url).connect();
    }

    /** Prepares a client for a pgjdbc URL. */
    public static LatchkeyBuilder builder(String url) {
        return new LatchkeyBuilder(Connector.url(url));
    }

    /**
     * Prepares a client for a data source. Its URL, user and password are read from it if it lets them be (pgjdbc's own, HikariCP,
     * Tomcat): the client then opens connections of its own. Otherwise it keeps a few of the data source's for its life.
     */
    public static LatchkeyBuilder builder(DataSource dataSource) {
        return new LatchkeyBuilder(Connector.dataSource(dataSource));
    }

    /**
     * A lock by name. Does not talk to the database.
     *
     * @param name any string of 1 to 512 bytes in UTF-8 without NUL and lone surrogates; different strings are different locks
     * @throws IllegalArgumentException if the name breaks one of these rules; the message says which
     */
    public DistributedLock lock(String name) {
        return new DistributedLock(client, name);
    }

    /** What is known of the session now. */
    public SessionState state() {
        return client.state();
    }

    /** The public name of this client. */
    public String holder() {
        return client.options().holder();
    }

    /** Whether this client has to poll while it waits, because notifications do not arrive (a pooler in transaction mode). */
    public boolean isPolling() {
        return client.isPolling();
    }

    /** Adds a listener for changes of the session's state; see {@link SessionListener} for how it is called. */
    public void addSessionListener(SessionListener listener) {
        client.addSessionListener(listener);
    }

    /** Removes it. Events already under way still arrive. */
    public void removeSessionListener(SessionListener listener) {
        client.removeSessionListener(listener);
    }

    /**
     * Gives everything back at once, leaves all queues and closes the connections. Calls that wait end with an
     * {@link IllegalStateException}. Timed leases stay as they are. A second call does nothing.
     */
    @Override
    public void close() {
        client.close();
    }
}
