package io.latchkey;

import io.latchkey.internal.Client;
import io.latchkey.internal.Connector;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
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

    /**
     * A candidate of an election, under the public name of this client. Does not talk to the database before it is told to campaign.
     *
     * @param name the election, by the rules for names of locks; it is the lock of that name
     */
    public LeaderElection election(String name) {
        return election(name, holder());
    }

    /**
     * A candidate with a public id of its own.
     *
     * @param name the election, by the rules for names of locks; it is the lock of that name
     * @param id how others see this candidate: by the same rules, need not be unique
     * @throws IllegalArgumentException if one breaks these rules; the message says which
     */
    public LeaderElection election(String name, String id) {
        return client.election(name, id);
    }

    /**
     * A read/write lock by name; its write side is the plain lock of that name. Does not talk to the database.
     *
     * @param name as for {@link #lock}
     */
    public DistributedReadWriteLock readWriteLock(String name) {
        return new DistributedReadWriteLock(client, name);
    }

    /**
     * A semaphore by name. Does not talk to the database.
     *
     * @param name as for {@link #lock}; a semaphore and a lock cannot have the same one
     * @param permits how many permits it has if nobody has used it before, 1 to 1,000,000,000
     * @throws IllegalArgumentException if the name or the number is not possible
     */
    public DistributedSemaphore semaphore(String name, int permits) {
        return new DistributedSemaphore(client, name, permits);
    }

    /**
     * Follows who leads an election, without taking part. Told within milliseconds of an election or a resignation; that a leader
     * died and nobody follows is seen with the next renewal after its session ended. A client that cannot reach the database goes
     * on with what it knew.
     *
     * @param name the election, by the rules for names of locks
     * @param observer told who leads, first soon and then when that changes, also what the leader says of itself. Called on a thread
     *     of the client, one call at a time and in order; an exception is logged
     * @throws CoordinationException if the database refuses, other than by not being reachable
     */
    public Observation observeLeader(String name, Consumer<Optional<Participant>> observer) {
        return client.observeLeader(name, observer);
    }

    /**
     * Several locks as one: all or nothing. Does not talk to the database.
     *
     * @param names at least one; by the rules for names of locks, in any order
     */
    public MultiLock multiLock(String... names) {
        return multiLock(List.of(names));
    }

    /**
     * Several locks as one: all or nothing. Does not talk to the database.
     *
     * @param names at least one; by the rules for names of locks, in any order
     */
    public MultiLock multiLock(Collection<String> names) {
        return new MultiLock(client, names);
    }

    /**
     * Asks the database who holds a lock, a read/write lock or a semaphore, and who waits for it: first the holders, then those who
     * wait in the order in which they get it.
     *
     * @param name as for {@link #lock}
     */
    public List<Contender> contenders(String name) {
        return client.questions().contenders(name);
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

    /**
     * Who makes expiry visible, and when it was done last. One round trip.
     *
     * @throws CoordinationException if the database cannot be asked
     */
    public ReaperStatus reaperStatus() {
        return client.questions().reaperStatus();
    }

    /**
     * Looks at the locks of all clients, who waits for them, and which clients there are. One of this client's connections for
     * calls reads the views, which takes longer the more locks there are: look now and then, not in a loop. The role needs the
     * right to select from the views, as {@code latchkey.grant_to} gives it.
     *
     * @param limit how many locks, waiters, semaphores, leaders and sessions to read at the most, each: 1 to 10,000
     * @throws CoordinationException if the database cannot be asked
     */
    public Inspection inspect(int limit) {
        if (limit < 1 || limit > 10_000) {
            throw new IllegalArgumentException("a limit of " + limit + " rows is not possible: choose 1 to 10,000");
        }
        return client.questions().inspect(limit);
    }

    /** What this client holds now, by its own knowledge, in no order. Asks nobody. */
    public List<LocalLease> leases() {
        return client.localLeases();
    }

    /** How many calls of this client wait for a lock now. Asks nobody. */
    public int waitingCalls() {
        return client.waitingCalls();
    }

    /**
     * Asks the database how it fares. One round trip.
     *
     * @throws DatabaseUnavailableException if it cannot be reached
     */
    public ServerStatus serverStatus() {
        return client.questions().serverStatus();
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
