package io.latchkey.faults;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A rolling upgrade: the schema changes under clients that work, and old and new ones share the locks. */
@Timeout(90)
final class SchemaUpgradeTest {
    private static final int TIMEOUT_MS = 5_000;
    /** What the old clients were written for. */
    private static final int OLD = 9;

    /**
     * What a later version might do: more columns, more tables, functions written anew with the same meaning. Changing tables takes
     * locks in an order of its own; with a lock time-out below the deadlock_timeout it is the migration that gives up, and not a call.
     */
    private static final String NEXT = """
            SET LOCAL lock_timeout = '300ms';
            ALTER TABLE latchkey._lock ADD COLUMN remark text;
            ALTER TABLE latchkey._session ADD COLUMN region text NOT NULL DEFAULT 'here';
            ALTER TABLE latchkey._waiter ADD COLUMN priority integer NOT NULL DEFAULT 0;
            CREATE TABLE latchkey._history (name text COLLATE "C", token bigint);
            DO $$
            DECLARE
                v_function oid;
            BEGIN
                FOR v_function IN
                    SELECT p.oid FROM pg_proc p
                     WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname IN ('acquire_lock', 'release_lock', 'renew_session', 'run_batch', 'run_uncontended')
                LOOP
                    EXECUTE pg_get_functiondef(v_function);
                END LOOP;
            END $$;
            INSERT INTO latchkey._schema_version (version, compatible_from, description)
            SELECT max(version) + 1, 1, 'what comes next' FROM latchkey._schema_version;
            """;

    /**
     * The first new client upgrades, several connect at once, and the old ones (calls of the old functions, as any program makes
     * them) go on. One may be told to try again, by the SQLSTATE of a dead-lock; none gets a wrong answer.
     */
    @Test
    void upgradeByTheFirstNewClient_disturbsNoOldClient_andTheyShareTheLocks() throws Exception {
        try (TestDatabase database = PostgresServer.shared().database()) {
            install(database, OLD);
            List<OldClient> old = new ArrayList<>();
            List<Latchkey> fresh = new ArrayList<>();
            OldClient.Shared shared = new OldClient.Shared();
            try {
                for (int i = 0; i < 4; i++) {
                    old.add(new OldClient(database, i, shared));
                }
                eventually(() -> old.stream().allMatch(one -> one.pairs.get() > 20) || !shared.wrong.isEmpty());

                List<CompletableFuture<Latchkey>> connecting = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    String holder = "new " + i;
                    connecting.add(CompletableFuture.supplyAsync(
                            () -> client(database.url(), holder, TIMEOUT_MS).connect()));
                }
                for (CompletableFuture<Latchkey> one : connecting) {
                    fresh.add(one.get(Scene.PATIENCE.toSeconds(), TimeUnit.SECONDS));
                }
                assertThat(number(database.address(), "SELECT version FROM latchkey.schema_version()"))
                        .isGreaterThan(OLD);
                // The same locks, by old and by new clients.
                for (int i = 0; i < 100; i++) {
                    for (Latchkey client : fresh) {
                        String lock = OldClient.LOCK + i % OldClient.LOCKS;
                        try (var lease = client.lock(lock).acquire()) {
                            shared.enter(lock, lease.fencingToken());
                            shared.leave(lock, lease.fencingToken());
                        }
                    }
                }
                List<Integer> before = old.stream().map(one -> one.pairs.get()).toList();
                eventually(() -> {
                    boolean all = true;
                    for (int i = 0; i < old.size(); i++) {
                        all &= old.get(i).pairs.get() > before.get(i) + 20;
                    }
                    return all || !shared.wrong.isEmpty();
                });
                assertThat(shared.wrong).isEmpty();
            } finally {
                old.forEach(OldClient::end);
                fresh.forEach(Latchkey::close);
            }
        }
    }

    /** This client meets a later schema: under it while it works, and when it connects. */
    @Test
    void schemaOfTheNextVersion_installedUnderLoad_disturbsNobody_andThisClientStillConnects() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS)) {
            List<Latchkey> clients = new ArrayList<>();
            try {
                upgrade(database, clients);
            } finally {
                clients.forEach(Latchkey::close);
            }
        }
    }

    private static void upgrade(TestDatabase database, List<Latchkey> clients) throws Exception {
        for (int i = 0; i < 3; i++) {
            clients.add(client(database.url(), "client " + i, TIMEOUT_MS).connect());
        }
        var kept = clients.get(0).lock("kept").acquire();
        Contention contention = new Contention(clients, 3, 4);
        eventually(() -> total(contention) > 200 || !contention.wrong().isEmpty());
        long version = number(database.address(), "SELECT version FROM latchkey.schema_version()");
        eventually(() -> migratedUnlessInTheWay(database));
        assertThat(number(database.address(), "SELECT version FROM latchkey.schema_version()"))
                .isEqualTo(version + 1);
        clients.add(client(database.url(), "late", TIMEOUT_MS).connect());
        clients.get(3).lock("after").acquire().close();
        List<Integer> before = contention.counts();
        eventually(() -> {
            List<Integer> now = contention.counts();
            boolean all = true;
            for (int i = 0; i < now.size(); i++) {
                all &= now.get(i) > before.get(i);
            }
            return all || !contention.wrong().isEmpty();
        });
        assertThat(contention.end(Scene.PATIENCE)).isTrue();
        assertThat(contention.wrong()).isEmpty();
        assertThat(kept.isValid()).isTrue();
        assertThat(kept.release()).isTrue();
    }

    private static int total(Contention contention) {
        return contention.counts().stream().mapToInt(Integer::intValue).sum();
    }

    private static void install(TestDatabase database, int upTo) throws IOException {
        StringBuilder sql = new StringBuilder();
        for (String file : read("migrations.txt").lines().toList()) {
            if (!file.isBlank() && Integer.parseInt(file.substring(1, file.indexOf("__"))) <= upTo) {
                sql.append(read(file)).append('\n');
            }
        }
        migrate(database, sql.toString());
    }

    /** In one transaction, as the client and Flyway do it. */
    private static void migrate(TestDatabase database, String sql) {
        database.execute("BEGIN; " + sql + "; COMMIT");
    }

    private static boolean migratedUnlessInTheWay(TestDatabase database) {
        try {
            migrate(database, NEXT);
            return true;
        } catch (IllegalStateException e) {
            assertThat(e.getCause())
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            cause -> assertThat(cause.getSQLState()).isEqualTo("55P03"));
            return false;
        }
    }

    private static String read(String file) throws IOException {
        try (InputStream in = Latchkey.class.getResourceAsStream("/io/latchkey/sql/" + file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A program without Java's client: it calls the functions, as those of an old client are. */
    private static final class OldClient {
        static final String LOCK = "shared ";
        static final int LOCKS = 2;

        final AtomicInteger pairs = new AtomicInteger();
        private final TestDatabase database;
        private final Shared shared;
        private final Thread thread;
        private volatile boolean over;

        /** Who has which lock, and what went wrong. */
        static final class Shared {
            final Queue<Object> wrong = new ConcurrentLinkedQueue<>();
            private final ConcurrentMap<String, Long> holders = new ConcurrentHashMap<>();
            private final ConcurrentMap<String, Long> tokens = new ConcurrentHashMap<>();

            void enter(String lock, long token) {
                Long before = holders.putIfAbsent(lock, token);
                if (before != null) {
                    wrong.add(lock + " is held by " + before + " and " + token);
                }
                Long last = tokens.put(lock, token);
                if (last != null && last >= token) {
                    wrong.add(lock + ": token " + token + " after " + last);
                }
            }

            void leave(String lock, long token) {
                holders.remove(lock, token);
            }
        }

        OldClient(TestDatabase database, int number, Shared shared) {
            this.database = database;
            this.shared = shared;
            this.thread = new Thread(() -> run(number), "old-client-" + number);
            thread.start();
        }

        private void run(int number) {
            try (Connection connection =
                    database.address().withParameter("prepareThreshold", "1").connect()) {
                String session = ask(connection, "SELECT session FROM latchkey.open_session('old', 60000)");
                try (PreparedStatement take = connection.prepareStatement(
                                "SELECT set_config('synchronous_commit', 'off', true), outcome, token"
                                        + " FROM latchkey.try_lock('" + session + "', ?)");
                        PreparedStatement give = connection.prepareStatement(
                                "SELECT set_config('synchronous_commit', 'off', true), latchkey.release_lock('"
                                        + session + "', ?, ?)")) {
                    for (int i = number; !over; i++) {
                        String lock = LOCK + i % LOCKS;
                        long token = take(take, lock);
                        if (token > 0) {
                            shared.enter(lock, token);
                            shared.leave(lock, token);
                            give.setString(1, lock);
                            give.setLong(2, token);
                            give(give);
                            pairs.incrementAndGet();
                        }
                        LockSupport.parkNanos(50_000);
                    }
                }
            } catch (SQLException | RuntimeException e) {
                shared.wrong.add(e);
            }
        }

        private static long take(PreparedStatement take, String lock) throws SQLException {
            take.setString(1, lock);
            try (ResultSet row = take.executeQuery()) {
                row.next();
                return row.getString(2).equals("granted") ? row.getLong(3) : 0;
            } catch (SQLException e) {
                return deadlocked(e);
            }
        }

        private static void give(PreparedStatement give) throws SQLException {
            while (true) {
                try {
                    give.executeQuery().close();
                    return;
                } catch (SQLException e) {
                    deadlocked(e);
                }
            }
        }

        private static long deadlocked(SQLException e) throws SQLException {
            if (!"40P01".equals(e.getSQLState())) {
                throw e;
            }
            return 0;
        }

        private static String ask(Connection connection, String sql) throws SQLException {
            try (var statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(sql)) {
                row.next();
                return row.getString(1);
            }
        }

        void end() {
            over = true;
            try {
                thread.join(Scene.PATIENCE.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
