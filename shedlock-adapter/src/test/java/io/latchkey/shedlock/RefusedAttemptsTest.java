package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** What attempts that are refused cost the database, ours beside those of ShedLock's own provider. */
class RefusedAttemptsTest {
    private static final int ATTEMPTS = 200;
    private static final int INSTANCES = 8;

    private static CrashableServer server;
    private static TestDatabase database;

    @BeforeAll
    static void start() {
        server = PostgresServer.start(
                ServerOptions.defaults().setting("autovacuum", "off").setting("full_page_writes", "off"));
        database = server.database();
        ShedLockTable.create(database);
        Latchkey.connect(database.url()).close();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Some work of a provider that is opened before and closed after. */
    @FunctionalInterface
    private interface Use {
        void of(LockProvider provider) throws Exception;
    }

    private static void latchkey(Use use) throws Exception {
        // A session that needs no renewal while we count.
        try (Latchkey latchkey = Latchkey.builder(database.url())
                .sessionTimeout(Duration.ofHours(1))
                .connect()) {
            use.of(new LatchkeyLockProvider(latchkey));
        }
    }

    private static void jdbc(Use use) throws Exception {
        SingleConnectionDataSource connection = ShedLockTable.oneConnection(database);
        try {
            use.of(ShedLockTable.provider(connection));
        } finally {
            connection.destroy();
        }
    }

    private static LockConfiguration lock(String name) {
        return new LockConfiguration(Instant.now(), name, Duration.ofMinutes(10), Duration.ZERO);
    }

    private static void takeAll(LockProvider provider, String prefix) {
        for (int i = 0; i <= ATTEMPTS; i++) {
            assertThat(provider.lock(lock(prefix + i))).isPresent();
        }
    }

    private static void refuse(LockProvider provider, String name) {
        assertThat(provider.lock(lock(name))).isEmpty();
    }

    /** As after each deployment, when instances meet their jobs for the first time. */
    @Test
    void firstAttemptOfAnInstance_costsHalfAsManyTransactions_andNoWal() throws Exception {
        latchkey(provider -> takeAll(provider, "first"));
        jdbc(provider -> takeAll(provider, "first"));
        Costs ours = Costs.each(server, database, ATTEMPTS, times -> latchkey(provider -> refuseEach(provider, times)));
        Costs theirs = Costs.each(server, database, ATTEMPTS, times -> jdbc(provider -> refuseEach(provider, times)));
        print("first attempt", ours, theirs);
        assertThat(ours.walBytes()).isLessThan(1);
        assertThat(theirs.walBytes()).isGreaterThan(50);
        assertThat(ours.transactions()).isBetween(0.99, 1.05);
        assertThat(theirs.transactions()).isGreaterThan(1.9);
    }

    /** The first of all is not counted, nor what comes with it. */
    private static void refuseEach(LockProvider provider, int times) {
        refuse(provider, "first" + ATTEMPTS);
        for (int i = 0; i < times; i++) {
            refuse(provider, "first" + i);
        }
    }

    /** The same instance again and again: one transaction that writes nothing, with either. */
    @Test
    void laterAttempts_costOneTransaction_andNoWal() throws Exception {
        latchkey(provider -> assertThat(provider.lock(lock("later"))).isPresent());
        jdbc(provider -> assertThat(provider.lock(lock("later"))).isPresent());
        Costs ours =
                Costs.each(server, database, ATTEMPTS, times -> latchkey(provider -> refuseLater(provider, times)));
        Costs theirs = Costs.each(server, database, ATTEMPTS, times -> jdbc(provider -> refuseLater(provider, times)));
        print("later attempts", ours, theirs);
        assertThat(ours.walBytes()).isLessThan(1);
        assertThat(ours.transactions()).isBetween(0.99, 1.05);
        assertThat(ours.transactions()).isLessThanOrEqualTo(theirs.transactions() + 0.05);
    }

    private static void refuseLater(LockProvider provider, int times) {
        for (int i = 0; i <= times; i++) {
            refuse(provider, "later");
        }
    }

    /** All instances at the same moment, as scheduled jobs do: those that come second find a grant that is not visible yet. */
    @Test
    void attemptsAtTheMomentOfTheGrant_writeNothing() throws Exception {
        for (String prefix : List.of("warm", "herd")) {
            latchkey(provider -> takeAndGiveBackAll(provider, prefix));
            jdbc(provider -> takeAndGiveBackAll(provider, prefix));
        }
        Costs ourGrant =
                Costs.each(server, database, ATTEMPTS, times -> latchkey(provider -> takeSome(provider, times)));
        Costs ours = Costs.each(server, database, ATTEMPTS, times -> ourHerd(times, new ArrayList<>()));
        Costs theirGrant = Costs.each(server, database, ATTEMPTS, times -> jdbc(provider -> takeSome(provider, times)));
        Costs theirs = Costs.each(server, database, ATTEMPTS, times -> theirHerd(times, new ArrayList<>()));
        Costs ourRefusal = refusal(ours, ourGrant);
        print("at the moment of the grant", ourRefusal, refusal(theirs, theirGrant));
        assertThat(ourRefusal.walBytes()).isLessThan(5);
        assertThat(ourRefusal.transactions()).isLessThan(1.1);
    }

    private static Costs refusal(Costs herd, Costs grant) {
        return new Costs(
                (herd.walBytes() - grant.walBytes()) / (INSTANCES - 1),
                (herd.transactions() - grant.transactions()) / (INSTANCES - 1));
    }

    private static void takeAndGiveBackAll(LockProvider provider, String prefix) {
        for (int i = 0; i < ATTEMPTS; i++) {
            provider.lock(lock(prefix + i)).ifPresent(SimpleLock::unlock);
        }
    }

    private static void takeSome(LockProvider provider, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(provider.lock(lock("warm" + i))).isPresent();
        }
    }

    /** Opens one more provider until there are enough, then lets all try at once. */
    private static void ourHerd(int times, List<LockProvider> opened) throws Exception {
        if (opened.size() == INSTANCES) {
            fire(times, opened);
            return;
        }
        latchkey(provider -> {
            opened.add(provider);
            ourHerd(times, opened);
        });
    }

    private static void theirHerd(int times, List<LockProvider> opened) throws Exception {
        if (opened.size() == INSTANCES) {
            // It learns the names, whose rows are there: what the first attempt costs is the business of another test.
            opened.forEach(provider -> takeAndGiveBackAll(provider, "herd"));
            fire(times, opened);
            return;
        }
        jdbc(provider -> {
            opened.add(provider);
            theirHerd(times, opened);
        });
    }

    private static void fire(int times, List<LockProvider> providers) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(INSTANCES);
        CyclicBarrier together = new CyclicBarrier(INSTANCES);
        try {
            List<Future<Integer>> granted = new ArrayList<>();
            for (LockProvider provider : providers) {
                granted.add(threads.submit(() -> {
                    int count = 0;
                    for (int i = 0; i < times; i++) {
                        together.await();
                        count += provider.lock(lock("herd" + i)).isPresent() ? 1 : 0;
                    }
                    return count;
                }));
            }
            int all = 0;
            for (Future<Integer> one : granted) {
                all += one.get();
            }
            assertThat(all).isEqualTo(times);
        } finally {
            threads.shutdownNow();
        }
    }

    private static void print(String what, Costs ours, Costs theirs) {
        System.out.printf(
                Locale.ROOT,
                "refused, %s: %.1f bytes of WAL and %.2f transactions; ShedLock's JDBC provider %.1f and %.2f%n",
                what,
                ours.walBytes(),
                ours.transactions(),
                theirs.walBytes(),
                theirs.transactions());
    }
}
