package io.latchkey.chaos.faults;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.StandbyServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The database of a run: a primary that can be replaced by its standby. There are two places; a proxy in front of each place leads to
 * whatever server is there now. For one thread, but for {@link #connect}.
 */
public final class Cluster implements AutoCloseable {
    /** How many places there are: one for the primary, one for its standby. */
    static final int PLACES = 2;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final String GUARDED = """
            CREATE SCHEMA chaos;
            CREATE TABLE chaos.register (resource integer PRIMARY KEY, place bigint NOT NULL);
            CREATE TABLE chaos.written (id bigint PRIMARY KEY, resource integer NOT NULL, token bigint NOT NULL, place bigint NOT NULL);
            INSERT INTO chaos.register SELECT g, 0 FROM generate_series(1, 100) g;
            """;

    private final CrashableServer first;
    private final String database;
    private final TestRole role;
    private final Surroundings surroundings;
    private final @Nullable Pooler pooler;
    private volatile CrashableServer primary;
    private int place;

    private Cluster(CrashableServer first, TestDatabase database, Surroundings surroundings) {
        this.first = first;
        this.primary = first;
        this.database = database.name();
        this.role = database.createRole();
        this.surroundings = surroundings;
        this.pooler = surroundings.provided(Need.POOLER, () -> new Pooler(first.address(), role));
    }

    /** Starts a server with an empty database. */
    public static Cluster start(Surroundings surroundings) {
        ServerOptions options = surroundings.around(
                ServerOptions.defaults().setting("max_connections", "70").setting("autovacuum_naptime", "5s"));
        // So that it can be filled. Before PostgreSQL 17 it has 8 GB.
        CrashableServer server =
                PostgresServer.start(canSetQueue(options) ? options.setting("max_notify_queue_pages", "64") : options);
        try {
            return new Cluster(server, server.database(), surroundings);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static boolean canSetQueue(ServerOptions options) {
        return options.source().equals("17") || options.source().equals("18");
    }

    /** Whether the notification queue is small enough to be filled. */
    boolean hasSmallQueue() throws SQLException {
        return number("SELECT count(*) FROM pg_settings WHERE name = 'max_notify_queue_pages' AND setting::int < 1000")
                > 0;
    }

    /** The tables that leases guard, and rights for the role that the workers have. The schema is there already. */
    public void prepare(int graceMs) throws SQLException {
        execute("UPDATE latchkey._setting SET grace_ms = " + graceMs + ", token_floor = 0");
        execute(GUARDED);
        execute("SELECT latchkey.grant_to('" + role.name() + "')");
        execute("GRANT USAGE ON SCHEMA chaos TO " + role.name() + "; GRANT ALL ON ALL TABLES IN SCHEMA chaos TO "
                + role.name());
    }

    /** The server that is the primary now. */
    public CrashableServer primary() {
        return primary;
    }

    /** Where it is, as its superuser; settings that a fault may change do not hold for it. */
    public DatabaseAddress address() {
        return primary.address()
                .withDatabase(database)
                .withParameter("connectTimeout", "5")
                .withParameter("socketTimeout", "20")
                .withParameter(
                        "options",
                        "-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0"
                                + " -c idle_in_transaction_session_timeout=0 -c application_name=nemesis");
    }

    /** A connection of the nemesis's own, past all proxies. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(address().url());
    }

    /** Runs SQL. */
    public void execute(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Asks for one number. */
    public long number(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** What the calls of one worker go through, if there is one. */
    @Nullable
    Pooler pooler() {
        return pooler;
    }

    /** Closes the connections that nobody but the pooler has open any more. */
    public void endPooler() {
        if (pooler != null) {
            pooler.pgBouncer().kill();
        }
    }

    /** The role of the workers. */
    public TestRole role() {
        return role;
    }

    /** The URL of the workers: all places, whichever is the primary. */
    String url(List<TcpProxy> places) {
        return url(
                "127.0.0.1:" + places.get(0).port() + ",127.0.0.1:"
                        + places.get(1).port(),
                "targetServerType=primary&hostRecheckSeconds=0");
    }

    /** The URL of a worker that reaches the database through the pooler. */
    String pooledUrl(TcpProxy way) {
        return url("127.0.0.1:" + way.port(), "prepareThreshold=0");
    }

    private String url(String hosts, String options) {
        return "jdbc:postgresql://" + hosts + "/" + database + "?" + options + "&user=" + role.name() + "&password="
                + role.password();
    }

    /** Proxies of one worker, one for each place. */
    List<TcpProxy> proxies() {
        List<TcpProxy> proxies = new ArrayList<>();
        for (int i = 0; i < PLACES; i++) {
            proxies.add(TcpProxy.to(i == place ? primary.address() : nowhere()));
        }
        return proxies;
    }

    private DatabaseAddress nowhere() {
        return primary.address().withPort(1);
    }

    /** Kills the primary, and promotes this standby. */
    void replaceBy(StandbyServer standby, World world) {
        CrashableServer old = primary;
        old.crash();
        standby.promote();
        primary = standby.server();
        place = 1 - place;
        for (WorkerProcess worker : world.workers()) {
            worker.proxies().get(place).redirect(primary.address());
            worker.proxies().get(1 - place).redirect(nowhere());
        }
        if (pooler != null) {
            pooler.redirect(primary.address());
        }
        if (old != first) {
            old.close();
        }
    }

    /** Starts the primary, unless it runs, and waits until it answers. To be called again if it does not in time. */
    void revive() {
        if (primary.isRunning()) {
            primary.waitUntilReady(PATIENCE);
        } else {
            primary.startAgain();
        }
    }

    /** There is a primary again, and its commits wait for nobody, however far a failover came. */
    void endFailover() throws SQLException {
        revive();
        execute("ALTER SYSTEM RESET synchronous_standby_names");
        execute("SELECT pg_reload_conf()");
    }

    /** A standby that follows the primary. */
    StandbyServer standby() throws SQLException {
        // One that was cut off and then promoted still has this setting, and would hand it on.
        execute("ALTER SYSTEM RESET primary_conninfo");
        return primary.standby();
    }

    /** The server's log, for who has to find out what happened. */
    public String log() {
        return primary.log();
    }

    @Override
    public void close() {
        Surroundings.close(pooler);
        Surroundings.close(primary);
        if (primary != first) {
            Surroundings.close(first);
        }
    }
}
