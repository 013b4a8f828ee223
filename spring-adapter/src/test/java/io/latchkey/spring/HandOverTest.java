package io.latchkey.spring;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;

/**
 * Ping-pong between two registries, beside {@code JdbcLockRegistry} with its defaults, in turns in one run. Both do the same: one
 * holds the lock for a while, the other waits for it, and asks again only after the holder has changed. Measured is from before
 * the unlock of one to after the lock of the other. The ratio is printed; others at work on the machine slow down our hand-overs
 * and not the other's pauses, so they can only lower it: a series that shows it is proof, and one that does not is run again.
 */
@Timeout(180)
@SuppressWarnings("LockNotBeforeTry")
class HandOverTest {
    private static final int ROUNDS = Integer.getInteger("latchkey.rounds", 25);
    private static final int WARM_UP = 5;
    /** So many pairs by each side of both first: what a service calls all day its JVM has compiled. */
    private static final int PAIRS = 500;

    private static final int SERIES = 4;
    /** What is to be shown, on a machine that has nothing else to do. */
    private static final double GOAL = 50;

    /** How a lock is used. */
    private enum Use {
        /** A transaction's worth of work under a lock that is in demand: here a poller comes late by most of its pause. */
        SHORT_WORK(1, 6, 25, 25),
        /** Rarely, for a time that has nothing to do with anybody's pauses: here a poller loses half a pause, and our code is cold. */
        RARE_AND_LONG(20, 120, 1, 20);

        final int leastMillis;
        final int mostMillis;
        /** So many rounds of one, then as many of the other. */
        final int inTurn;
        /** What is left of {@link #GOAL} on a machine that is busy. */
        final double least;

        Use(int leastMillis, int mostMillis, int inTurn, double least) {
            this.leastMillis = leastMillis;
            this.mostMillis = mostMillis;
            this.inTurn = inTurn;
            this.least = least;
        }
    }

    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    /** One side of the game, with a thread of its own. */
    private static final class Player implements AutoCloseable {
        private final ExecutorService thread = Executors.newSingleThreadExecutor();
        private final Lock lock;

        Player(LockRegistry<?> registry, String key) {
            this.lock = registry.obtain(key);
        }

        Future<Long> takes() {
            return thread.submit(() -> {
                lock.lock();
                return System.nanoTime();
            });
        }

        Future<?> takesAndGivesBack(int times) {
            return thread.submit(() -> {
                for (int i = 0; i < times; i++) {
                    lock.lock();
                    lock.unlock();
                }
            });
        }

        Future<Long> givesBackAfter(long millis) {
            return thread.submit(() -> {
                Thread.sleep(millis);
                long at = System.nanoTime();
                lock.unlock();
                return at;
            });
        }

        @Override
        public void close() {
            thread.shutdownNow();
        }
    }

    private static final class Game implements AutoCloseable {
        private final Random random = new Random(5);
        private final List<Long> handOvers = new ArrayList<>();
        private final Use use;
        private Player holds;
        private Player waits;
        private int rounds;

        Game(Use use, LockRegistry<?> one, LockRegistry<?> other) throws Exception {
            this.use = use;
            String key = "hand-over/" + System.nanoTime();
            holds = new Player(one, key);
            waits = new Player(other, key);
            holds.takesAndGivesBack(PAIRS).get(60, SECONDS);
            waits.takesAndGivesBack(PAIRS).get(60, SECONDS);
            holds.takes().get(20, SECONDS);
        }

        void turn() throws Exception {
            for (int i = 0; i < use.inTurn; i++) {
                round();
            }
        }

        private void round() throws Exception {
            Future<Long> taken = waits.takes();
            Future<Long> givenBack = holds.givesBackAfter(random.nextInt(use.leastMillis, use.mostMillis));
            long nanos = taken.get(20, SECONDS) - givenBack.get(20, SECONDS);
            if (++rounds > WARM_UP) {
                handOvers.add(nanos);
            }
            Player next = waits;
            waits = holds;
            holds = next;
        }

        long medianMicros() {
            return handOvers.stream()
                            .sorted()
                            .skip(handOvers.size() / 2)
                            .findFirst()
                            .orElseThrow()
                    / 1_000;
        }

        @Override
        public void close() throws Exception {
            holds.givesBackAfter(0).get(20, SECONDS);
            holds.close();
            waits.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void handOver_isManyTimesFasterThanPolling(Use use) throws Exception {
        try (Latchkey a = Latchkey.connect(postgres.database().url());
                Latchkey b = Latchkey.connect(postgres.database().url());
                HikariDataSource pool = new HikariDataSource()) {
            pool.setJdbcUrl(postgres.database().url());
            new ResourceDatabasePopulator(
                            new ClassPathResource("org/springframework/integration/jdbc/schema-postgresql.sql"))
                    .execute(pool);
            double ratio = 0;
            for (int i = 0; i < SERIES && ratio < GOAL; i++) {
                try (Game ours = new Game(use, new LatchkeyLockRegistry(a), new LatchkeyLockRegistry(b));
                        Game theirs = new Game(use, polling(pool), polling(pool))) {
                    ratio = Math.max(ratio, compare(use, ours, theirs));
                }
            }
            assertThat(ratio).isGreaterThan(use.least);
        }
    }

    private static double compare(Use use, Game ours, Game theirs) throws Exception {
        while (ours.handOvers.size() < ROUNDS) {
            ours.turn();
            theirs.turn();
        }
        double ratio = (double) theirs.medianMicros() / ours.medianMicros();
        System.out.printf(
                Locale.ROOT,
                "hand-over between two registries, %s: Latchkey %d us, JdbcLockRegistry %d us (medians of %d), %.1f times%n",
                use,
                ours.medianMicros(),
                theirs.medianMicros(),
                ours.handOvers.size(),
                ratio);
        return ratio;
    }

    private static LockRegistry<?> polling(HikariDataSource pool) {
        DefaultLockRepository repository = new DefaultLockRepository(pool);
        repository.setTransactionManager(new DataSourceTransactionManager(pool));
        repository.afterPropertiesSet();
        repository.afterSingletonsInstantiated();
        return new JdbcLockRegistry(repository);
    }
}
