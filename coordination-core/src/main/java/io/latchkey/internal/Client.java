package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Durability;
import io.latchkey.LatchkeyOptions;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.SessionListener;
import io.latchkey.SessionState;
import io.latchkey.TimedLease;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
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
    private final AtomicBoolean closed = new AtomicBoolean();

    private Client(Connector connector, Connector listener, LatchkeyOptions options, Sql.Commit commit)
            throws SQLException {
        this.options = options;
        this.connector = connector;
        this.events = new Events(options.events());
        // Guessed by nobody: 64 bits of the channel's name, and of every request.
        String channel = "latchkey_" + HexFormat.of().toHexDigits(RANDOM.nextLong());
        ControlConnection control = new ControlConnection(listener, options, commit, channel);
        long openedAt = System.nanoTime();
        this.keeper = new Keeper(this, control, control.open(newSessionId()), openedAt);
        this.combiner = new CallCombiner(
                connector, options.commandConnections(), () -> keeper.life().id(), commit, keeper::audit);
        this.releaser = new Releaser(this, combiner, keeper);
        this.acquirer = new Acquirer(this, combiner, keeper, releaser);
    }

    /** Connects; see {@link io.latchkey.LatchkeyBuilder#connect()}. */
    public static Client connect(Connector.Source source, LatchkeyOptions options) {
        int networkTimeoutMs =
                (int) Math.max(500, Math.min(5_000, options.sessionTimeout().toMillis() / 3));
        Connector connector = new Connector(source, networkTimeoutMs);
        String listenerUrl = options.listenerUrl();
        Connector listener =
                listenerUrl == null ? connector : new Connector(Connector.url(listenerUrl), networkTimeoutMs);
        try {
            boolean replicates;
            Connection connection = connector.open();
            try {
                connection.setNetworkTimeout(Runnable::run, 60_000); // a migration may take its time
                new SchemaInstaller(connection, connector.place()).ensure(options.schema());
                replicates = Connector.server(connection).synchronousStandby();
            } finally {
                connection.close();
            }
            Sql.Commit commit = replicates || options.durability() == Durability.FLUSHED
                    ? Sql.Commit.FLUSHED
                    : Sql.Commit.UNFLUSHED;
            Client client = new Client(connector, listener, options, commit);
            client.keeper.start();
            return client;
        } catch (SQLException e) {
            throw Fault.of(e, connector.place(), null);
        }
    }

    /** Waits without a limit. */
    public Lease acquire(String name, @Nullable LeaseTime time) throws InterruptedException {
        return acquirer.acquire(name, time);
    }

    /** Does not wait. */
    public Optional<Lease> tryAcquire(String name) {
        return acquirer.tryAcquire(name);
    }

    /** Waits for a limited time. */
    public Optional<? extends Lease> tryAcquire(String name, Duration wait, @Nullable LeaseTime time)
            throws InterruptedException {
        if (wait.isNegative() || wait.isZero()) {
            return time == null ? tryAcquire(name) : tryAcquireTimed(name, time);
        }
        return acquirer.tryAcquire(name, wait, time);
    }

    /** Does not wait, for a lease with a time of its own. */
    public Optional<TimedLease> tryAcquireTimed(String name, LeaseTime time) {
        return acquirer.tryAcquireTimed(name, time);
    }

    /** Waits without a thread. */
    public CompletableFuture<Lease> acquireAsync(String name) {
        return acquirer.acquireAsync(name);
    }

    /** The session's state. */
    public SessionState state() {
        return states.state();
    }

    /** Whether this client polls while it waits. */
    public boolean isPolling() {
        return keeper.isPolling();
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

    Leases leases() {
        return leases;
    }

    CoordinationException fault(SQLException e, @Nullable String lock) {
        return Fault.of(e, connector.place(), lock);
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

    boolean hasWaiters() {
        return acquirer.hasWaiters();
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
    }

    boolean giveBack(SessionLease lease) {
        return releaser.giveBack(lease);
    }

    boolean giveBack(HeldTimedLease lease) {
        return releaser.giveBack(lease);
    }

    boolean extend(HeldTimedLease lease, LeaseTime time) {
        return acquirer.extend(lease, time);
    }

    void forget(AbstractLease lease) {
        leases.remove(lease);
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
            if (!acquirer.isUnderWay(holding.request()) && !leases.has(holding.request())) {
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
                    return new Reply("probed", 0, 0, -1);
                }));
            } catch (SQLException e) {
                LOG.log(Level.DEBUG, "the probe was not sent; polling goes on", e);
            }
        });
    }
}
