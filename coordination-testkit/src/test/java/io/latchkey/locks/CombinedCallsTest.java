package io.latchkey.locks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Calls made at the same moment share a round trip. */
@Timeout(60)
class CombinedCallsTest {
    private static final int THREADS = 16;
    private static final int TURNS = 100;

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Test
    void callsOfManyThreads_onOneConnection_areFewTransactions() throws Exception {
        Latchkey.connect(POSTGRES.database().url()).close();
        long before = transactions();
        takeAndGiveBackInManyThreads(i -> "combined/" + i);
        // Its connections are closed, and a backend that ends tells its statistics.
        assertThat(transactions() - before).isBetween(2L * TURNS, 2L * TURNS * THREADS / 2);
    }

    /** A batch is two statements where some of its locks are wanted by others. What the first one did keeps its answer. */
    @Test
    void simpleCalls_areNotMadeAgain_whenTheOthersOfTheirBatchFail() throws Exception {
        Latchkey.connect(POSTGRES.database().url()).close();
        POSTGRES.database().execute("""
                CREATE SEQUENCE broken;
                CREATE OR REPLACE FUNCTION latchkey.run_batch(p_session uuid, p_calls text[], p_names text[], p_numbers bigint[])
                RETURNS text[] LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    PERFORM pg_catalog.nextval('public.broken');
                    RAISE EXCEPTION 'broken';
                END $$""");
        takeAndGiveBackInManyThreads(i -> i % 4 == 0 ? "wanted by four" : "combined/" + i);
        try (Connection connection = POSTGRES.database().connect()) {
            assertThat(number(connection, "SELECT last_value FROM broken")).isGreaterThan(10);
        }
    }

    /** Who had to wait is seldom the last one: its release does not try the short cut first, which would fail. */
    @Test
    void releaseOfALockThatWasWaitedFor_takesTheLongWayAtOnce() throws Exception {
        String url = POSTGRES.database().url();
        try (Latchkey a = Latchkey.connect(url);
                Latchkey b = Latchkey.connect(url)) {
            POSTGRES.database().execute("""
                    CREATE SEQUENCE tried;
                    CREATE OR REPLACE FUNCTION latchkey.release_lock(p_session uuid, p_name text, p_token bigint) RETURNS text
                    LANGUAGE plpgsql SECURITY DEFINER AS $$
                    BEGIN
                        PERFORM pg_catalog.nextval('public.tried');
                        RETURN latchkey._release(p_session, p_name, p_token)::text;
                    END $$""");
            Lease held = a.lock("wanted").acquire();
            for (int i = 0; i < 20; i++) {
                CompletableFuture<Lease> next =
                        (i % 2 == 0 ? b : a).lock("wanted").acquireAsync();
                Waiting.awaitWaiters(POSTGRES.database(), "wanted", 1);
                assertThat(held.release()).isTrue();
                held = next.get(20, TimeUnit.SECONDS);
            }
            assertThat(held.release()).isTrue();
        }
        try (Connection connection = POSTGRES.database().connect()) {
            // The first one, which nobody had to wait for; and where the news of the grant overtook the answer that it
            // queues.
            assertThat(number(connection, "SELECT last_value FROM tried")).isBetween(1L, 9L);
        }
    }

    /** All at the same time, on one connection. */
    private static void takeAndGiveBackInManyThreads(IntFunction<String> name) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Latchkey latchkey = Latchkey.builder(POSTGRES.database().url())
                .commandConnections(1)
                .connect()) {
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                String lock = name.apply(i);
                runs.add(threads.submit(() -> {
                    for (int turn = 0; turn < TURNS; turn++) {
                        assertThat(latchkey.lock(lock).acquire().release()).isTrue();
                    }
                    return null;
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static long transactions() throws SQLException {
        try (Connection connection = POSTGRES.database().connect()) {
            String others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    + " AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
            await().until(() -> number(connection, others) == 0);
            return number(connection, "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
        }
    }

    private static long number(Connection connection, String query) throws SQLException {
        try (ResultSet row = connection.createStatement().executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }
}
