package io.latchkey.internal;

import io.latchkey.LatchkeyOptions;
import io.latchkey.Reaper;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** The connection that renews and listens, and what is said on it. Used by the keeper's thread only, but for {@link #abort}. */
final class ControlConnection {
    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final LatchkeyOptions options;
    private final LongSupplier random;
    /**
     * Guessed by nobody, and another one for each session: behind a pooler, LISTEN outlives the connection that we drop, and what it
     * has kept of the old session would pass for the new.
     */
    private String channel = "";

    private final Link link;
    private boolean listening;
    /** What the probe's notification says; null once it has arrived. */
    private @Nullable String probe;

    private boolean probeArrived;
    private long probedAt;
    private volatile boolean deaf;

    ControlConnection(Connector connector, LatchkeyOptions options, LongSupplier random) {
        this.options = options;
        this.random = random;
        this.link = new Link(connector);
    }

    SessionLife open(UUID id) throws SQLException {
        channel = "latchkey_" + HexFormat.of().toHexDigits(random.getAsLong());
        PreparedStatement statement = link.statement(Sql.OPEN_SESSION);
        statement.setString(1, options.holder());
        statement.setInt(2, timeoutMs());
        statement.setString(3, channel);
        statement.setObject(4, id);
        long sentAt = System.nanoTime();
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return new SessionLife(
                    id,
                    row.getLong(2),
                    Deadline.of(sentAt, options.sessionTimeout().toNanos()));
        }
    }

    /**
     * Never waits for the disk or a standby, whatever the locks do: a session is in no log, and while a standby stands still a
     * renewal that waited for it would lose everything that it was to keep. What it hands over is resumed after a crash, or confirmed
     * by its owner.
     */
    Renewal renew(UUID session, Set<Long> confirmed, boolean look) throws SQLException {
        try {
            return renew(session, confirmed, look, Sql.Commit.UNFLUSHED);
        } catch (SQLException e) {
            if (Fault.isConnectionLost(e)) {
                throw e;
            } else if (look && Fault.is(e, Fault.NOTIFICATION_QUEUE_FULL)) {
                // The look is what serves the waiters then, so it must not be left out with the notifications.
                return renewWithoutNotifying(session, confirmed);
            }
            // Whatever else is wrong with the look around (a row that somebody keeps), the renewal itself must not fail
            // for it.
            return renew(session, confirmed, false, Sql.Commit.QUIET);
        }
    }

    private Renewal renewWithoutNotifying(UUID session, Set<Long> confirmed) throws SQLException {
        try {
            return renew(session, confirmed, true, Sql.Commit.QUIET);
        } catch (SQLException e) {
            if (Fault.isConnectionLost(e)) {
                throw e;
            }
            return renew(session, confirmed, false, Sql.Commit.QUIET);
        }
    }

    private Renewal renew(UUID session, Set<Long> confirmed, boolean look, Sql.Commit how) throws SQLException {
        PreparedStatement statement = link.statement(how.renew);
        statement.setObject(1, session);
        statement.setArray(2, array("int8", confirmed.toArray()));
        statement.setBoolean(3, look);
        statement.setBoolean(4, options.reaper() != Reaper.NONE);
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return Renewal.parse(row.getString(how.column));
        }
    }

    /** The answer to {@link #resume}: too late, or the leases that are lost. */
    record Resumed(boolean done, long incarnation, List<AbstractLease> lost) {}

    Resumed resume(UUID old, UUID fresh, List<AbstractLease> claims) throws SQLException {
        int n = claims.size();
        String[] names = new String[n];
        Long[] tokens = new Long[n];
        Long[] requests = new Long[n];
        @Nullable Long[] leftMs = new Long[n];
        @Nullable Integer[] weights = new Integer[n];
        @Nullable Integer[] permits = new Integer[n];
        for (int i = 0; i < n; i++) {
            AbstractLease lease = claims.get(i);
            names[i] = lease.lock;
            tokens[i] = lease.token;
            requests[i] = lease.request;
            leftMs[i] = lease instanceof HeldTimedLease
                    ? (Long) (TimeUnit.NANOSECONDS.toMillis(lease.deadline.remainingNanos()) + 1)
                    : null;
            if (lease instanceof SessionLease share && share.mode.isShared()) {
                weights[i] = share.mode.weight();
                permits[i] = share.mode.kind() == Mode.Kind.PERMITS ? share.mode.permits() : null;
            }
        }
        PreparedStatement statement = link.statement(Sql.RESUME_SESSION);
        statement.setObject(1, old);
        statement.setObject(2, fresh);
        statement.setString(3, options.holder());
        statement.setInt(4, timeoutMs());
        statement.setString(5, channel);
        statement.setArray(6, array("text", names));
        statement.setArray(7, array("int8", tokens));
        statement.setArray(8, array("int8", requests));
        statement.setArray(9, array("int8", leftMs));
        statement.setArray(10, array("int4", weights));
        statement.setArray(11, array("int4", permits));
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            Boolean[] kept = (Boolean[]) row.getArray(3).getArray();
            List<AbstractLease> lost = new ArrayList<>();
            for (int i = 0; i < kept.length; i++) {
                if (!kept[i]) {
                    lost.add(claims.get(i));
                }
            }
            return new Resumed(row.getString(1).equals("resumed"), row.getLong(2), lost);
        }
    }

    /** A lock that the database says this session holds. */
    record Holding(String name, long token, long request) {}

    List<Holding> audit(UUID session) throws SQLException {
        PreparedStatement statement = link.statement(Sql.AUDIT_SESSION);
        statement.setObject(1, session);
        List<Holding> holdings = new ArrayList<>();
        try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                holdings.add(new Holding(row.getString(1), row.getLong(2), row.getLong(3)));
            }
        }
        return holdings;
    }

    void closeSession(UUID session) throws SQLException {
        PreparedStatement statement = link.statement(Sql.Commit.UNFLUSHED.close);
        statement.setObject(1, session);
        statement.setArray(2, null);
        statement.executeQuery().close();
    }

    /** Listens, and asks for a proof through another connection: a pooler in transaction mode accepts LISTEN and stays silent. */
    void listen(Client client) throws SQLException {
        execute("LISTEN " + channel);
        listening = true;
        probeArrived = false;
        probedAt = System.nanoTime();
        probe(client);
    }

    private void probe(Client client) {
        String expected = "probe " + client.newSessionId();
        probe = expected;
        client.probe(channel, expected);
    }

    void unlisten() throws SQLException {
        execute("UNLISTEN " + channel);
        listening = false;
    }

    boolean isListening() {
        return listening;
    }

    /** Whether a notification through another connection has arrived on this one. */
    boolean isProven() {
        return probeArrived;
    }

    /** Whether notifications do not arrive, so that the client polls. */
    boolean isDeaf() {
        return deaf;
    }

    /** Payloads that arrive in this time; returns as soon as there are some. */
    List<String> await(Client client, long nanos) throws SQLException {
        PGConnection connection = link.connection().unwrap(PGConnection.class);
        // What came along with a statement proves nothing: a pooler may have lent us the listening connection for just
        // that.
        PGNotification[] arrived = connection.getNotifications();
        boolean idle = arrived == null || arrived.length == 0;
        if (idle) {
            arrived = connection.getNotifications((int) Math.max(1, TimeUnit.NANOSECONDS.toMillis(nanos)));
        }
        List<String> payloads = new ArrayList<>();
        if (arrived != null) {
            for (PGNotification notification : arrived) {
                if (!notification.getName().equals(channel)) {
                    continue; // for a session that is over
                }
                if (!notification.getParameter().equals(probe)) {
                    payloads.add(notification.getParameter());
                } else if (idle) {
                    probeArrived = true;
                    probe = null;
                    deaf = false;
                } else {
                    probe(client);
                }
            }
        }
        if (!probeArrived && System.nanoTime() - probedAt > PROBE_NANOS) {
            deaf = true;
        }
        return payloads;
    }

    void drop() {
        listening = false;
        probeArrived = false;
        link.drop();
    }

    /** From another thread: makes whatever the keeper waits for fail now. */
    void abort() {
        link.abort();
    }

    private Array array(String type, @Nullable Object[] elements) throws SQLException {
        return link.connection().createArrayOf(type, elements);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = link.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    private int timeoutMs() {
        return (int) options.sessionTimeout().toMillis();
    }
}
