package io.latchkey.security;

import static io.latchkey.security.Caller.FORBIDDEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.TestDatabase;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A role that was given nothing, and can connect to the same database. */
@Timeout(120)
final class StrangerTest {
    private static final String NAME = "a name that nobody else should see";

    private final TestDatabase database = SecureServer.installed();

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    @SuppressWarnings("NullAway.Init")
    private Caller stranger;

    @BeforeEach
    void connect() {
        admin = new Caller(database.address());
        stranger = new Caller(database.address().withUser(SecureServer.member(database, "")));
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        stranger.close();
        database.close();
    }

    @Test
    void stranger_mayUseNothing() throws SQLException {
        List<String> functions = admin.rows(
                "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace");
        assertThat(functions).hasSizeGreaterThan(80);
        for (String function : functions) {
            assertThat(stranger.stateOf(Calls.withNulls(function))).as(function).isEqualTo(FORBIDDEN);
        }
        List<String> relations = admin.rows("SELECT c.oid::regclass::text FROM pg_class c"
                + " WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind IN ('r', 'v', 'S')");
        assertThat(relations).hasSizeGreaterThan(15);
        for (String relation : relations) {
            assertThat(stranger.stateOf("SELECT FROM " + relation)).as(relation).isEqualTo(FORBIDDEN);
        }
    }

    /** All that is in the catalogs and statistics of the server, as far as a role may read it, while clients are at work. */
    @Test
    void stranger_findsNoNameAndNoChannel_inAllTheCatalogs() throws Exception {
        try (Latchkey a = Scene.client(database.url(), "a", 15_000).connect();
                Latchkey b = Scene.client(database.url(), "b", 15_000).connect()) {
            a.lock(NAME).acquire();
            CompletableFuture<Lease> waiter = b.lock(NAME).acquireAsync();
            Scene.awaitWaiting(database.address(), NAME, 1);
            a.semaphore(NAME + " (semaphore)", 3).acquire();
            admin.execute("ANALYZE latchkey._lock, latchkey._session, latchkey._waiter");
            // Somebody who types names into the text of a statement, and a transaction that holds row locks
            admin.execute("BEGIN; SELECT latchkey.fence(name, fencing_token) FROM latchkey.locks WHERE name = '" + NAME
                    + "'");
            List<String> channels = new Caller(database.address()).rows("SELECT channel FROM latchkey._session");
            String seen = catalogs(stranger);
            assertThat(seen.length()).as("there is much to read").isGreaterThan(100_000);
            assertThat(seen).doesNotContain(NAME).doesNotContain(channels);
            Caller superuser = new Caller(database.address());
            assertThat(catalogs(superuser)).as("a superuser finds it there").contains(NAME);
            superuser.close();
            admin.execute("COMMIT");
            waiter.cancel(false);
        }
    }

    private static String catalogs(Caller reader) throws SQLException {
        StringBuilder all = new StringBuilder();
        int unreadable = 0;
        for (String relation : reader.rows("""
                SELECT c.oid::regclass::text FROM pg_class c
                 WHERE c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
                   AND c.relkind IN ('r', 'v') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1""")) {
            try {
                all.append(reader.ask("SELECT string_agg(t::text, E'\\n') FROM " + relation + " t"));
            } catch (SQLException e) {
                unreadable++; // refused; or it needs what this server lacks, such as a NUMA library
            }
        }
        assertThat(unreadable).isLessThan(30);
        return all.append(reader.rows("SELECT pg_listening_channels()")).toString();
    }

    /**
     * The worst case: it has found out the channel, the incarnation and the token, and sends thousands of notifications. It cannot
     * guess the random number of the call.
     */
    @Test
    void notificationsOfAStranger_changeNothing() throws Exception {
        try (Latchkey a = Scene.client(database.url(), "a", 60_000).connect();
                Latchkey b = Scene.client(database.url(), "b", 60_000).connect()) {
            Lease lease = a.lock("x").acquire();
            lease.onRevocationRequested(() -> {
                throw new AssertionError("nobody asked");
            });
            CompletableFuture<Lease> waiter = b.lock("x").acquireAsync();
            Scene.awaitWaiting(database.address(), "x", 1);
            String incarnation = admin.ask("SELECT id FROM latchkey._incarnation");
            List<String> channels = admin.rows("SELECT channel FROM latchkey._session WHERE channel IS NOT NULL");
            assertThat(channels).hasSizeGreaterThanOrEqualTo(2);
            String before = admin.rows("SELECT t::text FROM latchkey._lock t").toString();
            Random random = new Random(8);
            for (int i = 0; i < 4_000; i++) {
                stranger.ask(
                        "SELECT pg_notify(?, ?)",
                        channels.get(i % channels.size()),
                        payload(random, lease.fencingToken(), incarnation));
            }
            await().during(Duration.ofMillis(500)).until(() -> !waiter.isDone() && lease.isValid());
            assertThat(admin.rows("SELECT t::text FROM latchkey._lock t").toString())
                    .isEqualTo(before);
            long released = System.nanoTime();
            lease.release();
            Lease next = Scene.granted(waiter);
            assertThat(Scene.millisSince(released))
                    .as("the genuine one arrives, no renewal was needed")
                    .isLessThan(15_000);
            assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            next.release();
        }
    }

    private static String payload(Random random, long token, String incarnation) {
        String request = Long.toHexString(random.nextLong());
        return switch (random.nextInt(12)) {
            case 0 -> request + " " + (token + 1) + " " + incarnation;
            case 1 -> request + " 0 " + incarnation;
            case 2 -> request + " " + token + " " + incarnation;
            case 3 -> request + " " + Long.MAX_VALUE + " " + incarnation;
            case 4 -> request + " look";
            case 5 -> "look";
            case 6 -> "";
            case 7 -> "  ";
            case 8 -> "-" + request + " 1 " + incarnation;
            case 9 -> request + request + " 1 " + incarnation;
            case 10 ->
                random.ints(random.nextInt(200), 1, 0xD000)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
            default -> "x".repeat(random.nextInt(7_900));
        };
    }
}
