package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Durability;
import io.latchkey.LatchkeyOptions;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.LocalLease;
import io.latchkey.MultiLease;
import io.latchkey.Observation;
import io.latchkey.Participant;
import io.latchkey.SessionListener;
import io.latchkey.SessionState;
import io.latchkey.TimedLease;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client put together: the connections, the session, the leases it holds and the calls that wait. What a lock's life is made
 * of stands in {@link Acquirer} and {@link Releaser}.
 */
public final class Client implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.latchkey");
    private static final SecureRandom RANDOM = new SecureRandom();

    private final LatchkeyOptions options;
    private final Connector connector;
    private final Background background = new Background();
    private final Events events;
    private final StateListeners states = new StateListeners(background);
    private final Leases leases = new Leases();
    private final CallCombiner combiner;
    private final Keeper keeper;
    private final Acquirer acquirer;
    private final Releaser releaser;
    private final MultiAcquirer multi;
    private final Elections elections;
    private final Tries tries;
    private final Converter converter;
    private final Permits permits;
    private final Watches watches;
    private final Questions questions;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Client(
            Connector connector,
            Connector listener,
            LatchkeyOptions options,
            Sql.Commit commit,
            @Nullable String reaperObstacle)
            throws SQLException {
        this.options = options;
        this.connector = connector;
        this.events = new Events(options.events());
        ControlConnection control = new ControlConnection(listener, options, RANDOM::nextLong);
        long openedAt = System.nanoTime();
        this.keeper = new Keeper(this, control, control.open(newSessionId()), openedAt);
        this.combiner = new CallCombiner(
                connector, options.commandConnections(), () -> keeper.life().id(), commit, keeper::audit);
        this.releaser = new Releaser(this, combiner, keeper);
        this.acquirer = new Acquirer(this, combiner, keeper, releaser);
        this.elections = new Elections(this, combiner, acquirer);
        this.tries = new Tries(this, combiner, keeper, releaser);
        this.multi = new MultiAcquirer(this, combiner, keeper, acquirer, tries, releaser);
        this.converter = new Converter(this, combiner, keeper, releaser);
        this.permits = new Permits(this, combiner);
        this.watches = new Watches(this, combiner, keeper);
        this.questions = new Questions(this, combiner, reaperObstacle);
    }

    /** Connects; see {@link io.latchkey.LatchkeyBuilder#connect()}. */
    public static Client connect(Connector.Source source, LatchkeyOptions options) {
        int networkTimeoutMs =
                (int) Math.max(500, Math.min(5_000, options.sessionTimeout().toMillis() / 3));
        Connector connector = new Connector(source, networkTimeoutMs, options.spin());
        String listenerUrl = options.listenerUrl();
        Connector listener = listenerUrl == null
                ? connector
                : new Connector(Connector.url(listenerUrl), networkTimeoutMs, options.spin());
        try {
            boolean replicates;
            @Nullable String reaperObstacle;
            Connection connection = connector.open();
            try {
                connection.setNetworkTimeout(Runnable::run, 60_000); // a migration may take its time
                new SchemaInstaller(connection, connector.place()).ensure(options.schema());
                reaperObstacle = ReaperJob.request(connection, options.reaper(), connector.place());
                replicates = Connector.server(connection).synchronousStandby();
            } finally {
                connection.close();
            }
            Sql.Commit commit = replicates || options.durability() == Durability.FLUSHED
                    ? Sql.Commit.FLUSHED
                    : Sql.Commit.UNFLUSHED;
            Client client = new Client(connector, listener, options, commit, reaperObstacle);
            client.keeper.start();
            return client;
        } catch (SQLException e) {
            throw Fault.of(e, connector.place(), null);
        }
    }

    /** Waits without a limit. */
    public Lease acquire(String name, Mode mode) throws InterruptedException {
        return acquirer.acquire(name, mode);
    }

    /** Does not wait. */
    public Optional<Lease> tryAcquire(String name, Mode mode) {
        return events.observed(name, () -> tries.tryAcquire(name, mode));
    }

    /** Waits for a limited time. */
    public Optional<Lease> tryAcquire(String name, Mode mode, Duration wait) throws InterruptedException {
        return wait.isNegative() || wait.isZero()
                ? tryAcquire(name, mode)
                : acquirer.tryAcquire(name, mode, wait).map(lease -> lease);
    }

    /** Does not wait, for a lease with a time of its own. */
    public Optional<TimedLease> tryAcquireTimed(String name, LeaseTime time) {
        return events.observed(name, () -> tries.tryAcquireTimed(name, time));
    }

    /** Waits for a limited time, for a lease with a time of its own. */
    public Optional<TimedLease> tryAcquireTimed(String name, LeaseTime time, Duration wait)
            throws InterruptedException {
        return wait.isNegative() || wait.isZero()
                ? tryAcquireTimed(name, time)
                : acquirer.tryAcquireTimed(name, time, wait).map(TimedLease.class::cast);
    }

    /** Waits without a thread. */
    public CompletableFuture<Lease> acquireAsync(String name, Mode mode) {
        return acquirer.acquireAsync(name, mode);
    }

    /** See {@link io.latchkey.DistributedReadWriteLock#downgrade}. */
    public Lease downgrade(String name, Lease write) {
        return converter.downgrade(name, write);
    }

    /** See {@link io.latchkey.DistributedReadWriteLock#tryUpgrade}. */
    public Optional<Lease> tryUpgrade(String name, Lease read) {
        return converter.tryUpgrade(name, read);
    }

    /**
     * How a semaphore is used.
     *
     * @param ifNew how many permits it would have if nobody has used it yet
     */
    public Usage permits(String name, int ifNew) {
        return permits.usage(name, ifNew);
    }

    /** See {@link io.latchkey.DistributedSemaphore#setPermits}. */
    public void setPermits(String name, int number) {
        permits.set(name, number);
    }

    /** See {@link io.latchkey.Latchkey#election(String, String)}. */
    public LeaderElection election(String name, String id) {
        return elections.election(name, id);
    }

    /** See {@link io.latchkey.Latchkey#observeLeader}. */
    public Observation observeLeader(String name, Consumer<Optional<Participant>> observer) {
        requireOpen();
        long request = newRequest();
        LeaderObservation observation =
                new LeaderObservation(watches, background, Name.checked(name), request, observer);
        watches.add(request, observation);
        return observation;
    }

    /** See {@link io.latchkey.Lockable#requestRevocation()}. */
    public boolean requestRevocation(String name, @Nullable Long token) {
        requireOpen();
        return watches.requestRevocation(name, token);
    }

    /** Waits for several locks without a limit. */
    public MultiLease acquireAll(List<String> names) throws InterruptedException {
        return multi.acquire(names);
    }

    /** Does not wait. */
    public Optional<MultiLease> tryAcquireAll(List<String> names) {
        return multi.tryAcquire(names);
    }

    /** Waits for a limited time. */
    public Optional<MultiLease> tryAcquireAll(List<String> names, Duration wait) throws InterruptedException {
        return multi.tryAcquire(names, wait);
    }

    /** The session's state. */
    public SessionState state() {
        return states.state();
    }

    /** Whether this client polls while it waits. */
    public boolean isPolling() {
        return keeper.isPolling();
    }

    /** See {@link io.latchkey.Latchkey#leases}. */
    public List<LocalLease> localLeases() {
        return leases.all().stream().map(AbstractLease::seen).toList();
    }

    /** See {@link io.latchkey.Latchkey#waitingCalls}. */
    public int waitingCalls() {
        return acquirer.waiters();
    }

    /** What can be asked of the database. */
    public Questions questions() {
        return questions;
    }

    /** How it was configured. */
    public LatchkeyOptions options() {
        return options;
    }

    /** See {@link io.latchkey.Latchkey#addSessionListener}. */
    public void addSessionListener(SessionListener listener) {
        states.add(listener);
    }

    /** See {@link io.latchkey.Latchkey#removeSessionListener}. */
    public void removeSessionListener(SessionListener listener) {
        states.remove(listener);
    }

    /** See {@link io.latchkey.Latchkey#close()}. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        elections.close();
        keeper.close();
        acquirer.close();
        leases.all().forEach(AbstractLease::closed);
        releaser.closeSession(keeper.life().id());
        keeper.life().deadline.end();
        combiner.close();
        background.close();
    }

    void requireOpen() {
        if (closed.get()) {
            throw new IllegalStateException("this Latchkey client is closed");
        }
    }

    boolean isClosed() {
        return closed.get();
    }

    Background background() {
        return background;
    }

    Events events() {
        return events;
    }

    StateListeners states() {
        return states;
    }

    Permits permits() {
        return permits;
    }

    Leases leases() {
        return leases;
    }

    CoordinationException fault(SQLException e, @Nullable String lock) {
        return Fault.of(e, connector.place(), lock);
    }

    DatabaseUnavailableException notAnswered(String lock) {
        return new DatabaseUnavailableException(
                "the database at " + connector.place() + " has not answered in time", lock, null, null);
    }

    DatabaseUnavailableException sessionLost(String lock) {
        return new DatabaseUnavailableException(
                "the session at " + connector.place() + " was lost and could not be opened again in time",
                lock,
                null,
                null);
    }

    /** 128 random bits; a version 4 UUID has six less. */
    UUID newSessionId() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    long newRequest() {
        return RANDOM.nextLong();
    }

    boolean needsToListen() {
        return acquirer.hasWaiters() || !watches.isEmpty();
    }

    Watches watches() {
        return watches;
    }

    @Nullable
    Acquisition waiter(long request) {
        return acquirer.waiter(request);
    }

    void handedOver(Acquisition acquisition, long token, SessionLife life) {
        acquirer.handedOver(acquisition, token, life);
    }

    void resubmit() {
        acquirer.resubmit();
        elections.resumed();
        watches.resubmit();
    }

    void beginGivingBack(long request) {
        releaser.begin(request);
    }

    boolean giveBack(SessionLease lease) {
        return releaser.giveBack(lease);
    }

    boolean giveBack(HeldTimedLease lease) {
        return releaser.giveBack(lease);
    }

    void onRevocationRequested(AbstractLease lease, Runnable action) {
        watches.onRevocationRequested(lease, action);
    }

    void withdraw(HeldTimedLease lease) {
        releaser.withdraw(lease);
    }

    boolean extend(HeldTimedLease lease, LeaseTime time) {
        return tries.extend(lease, time);
    }

    void forget(AbstractLease lease) {
        leases.remove(lease);
        watches.remove(lease.request);
    }

    void loseSessionLeases(SessionLife life) {
        for (AbstractLease lease : leases.all()) {
            if (lease instanceof SessionLease session && session.life() == life) {
                lease.lose();
            }
        }
    }

    /** Gives back what the database says this session holds and nobody here knows of: a call that arrived too late. */
    void compare(List<ControlConnection.Holding> holdings, SessionLife life) {
        for (ControlConnection.Holding holding : holdings) {
            // In this order: a grant becomes a lease before its call is over, and its release is under way before it is
            // none.
            if (!acquirer.isUnderWay(holding.request())
                    && !tries.isUnderWay(holding.request())
                    && !converter.isUnderWay(holding.request())
                    && !leases.has(holding.request())
                    && !releaser.isUnderWay(holding.request())) {
                releaser.withdraw(holding.name(), holding.request(), life);
            }
        }
    }

    /** What was released while it was being claimed: the release may have come first, and found nothing. */
    void withdrawReleased(List<AbstractLease> claims, SessionLife life) {
        for (AbstractLease lease : claims) {
            if (!leases.has(lease.request)) {
                releaser.withdraw(lease.lock, lease.request, life);
            }
        }
    }

    void probe(String channel, String payload) {
        background.call(() -> {
            try {
                combiner.run(Call.alone("", link -> {
                    var statement = link.statement(Sql.PROBE);
                    statement.setString(1, channel);
                    statement.setString(2, payload);
                    statement.executeQuery().close();
                    return Reply.of("probed");
                }));
            } catch (SQLException e) {
                LOG.log(Level.DEBUG, "the probe was not sent; polling goes on", e);
            }
        });
    }
}
