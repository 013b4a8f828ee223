package io.latchkey.shedlock;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Locks and unlocks with Latchkey and with {@code JdbcTemplateLockProvider.usingDbTime()} in turn, one thread each, and compares
 * within each round. Arguments: rounds (7), seconds per measurement (2). PostgreSQL is chosen as for the tests; the testkit's own
 * servers flush each commit. Measured twice: with that flush, and without, where only the work itself is left.
 */
public final class SpeedMain {
    private static final int NAMES = 100;

    private SpeedMain() {}

    public static void main(String[] args) {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
        double seconds = args.length > 1 ? Double.parseDouble(args[1]) : 2;
        try (TestDatabase database = PostgresServer.shared().database()) {
            ShedLockTable.create(database);
            System.out.printf(
                    Locale.ROOT,
                    "PostgreSQL %d, fsync %s, %d rounds of %.1f s%n",
                    PostgresServer.shared().majorVersion(),
                    LockRows.ask(database, "SHOW fsync"),
                    rounds,
                    seconds);
            for (String commit : new String[] {"on", "off"}) { // off: what is left when the disk takes no time
                database.execute("ALTER DATABASE " + database.name() + " SET synchronous_commit = " + commit);
                System.out.println("synchronous_commit " + LockRows.ask(database, "SHOW synchronous_commit"));
                compare(database, rounds, seconds);
            }
        }
    }

    private static void compare(TestDatabase database, int rounds, double seconds) {
        SingleConnectionDataSource connection = ShedLockTable.oneConnection(database);
        try (Latchkey latchkey = Latchkey.connect(database.url())) {
            LockProvider ours = new LatchkeyLockProvider(latchkey);
            LockProvider theirs = ShedLockTable.provider(connection);
            pairsPerSecond(ours, seconds);
            pairsPerSecond(theirs, seconds);
            double[] rates = new double[rounds];
            double[] theirRates = new double[rounds];
            double[] ratios = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                rates[round] = pairsPerSecond(ours, seconds);
                theirRates[round] = pairsPerSecond(theirs, seconds);
                ratios[round] = rates[round] / theirRates[round];
            }
            print("lock + unlock, Latchkey, pairs/s", rates, "%.0f");
            print("lock + unlock, JdbcTemplateLockProvider, pairs/s", theirRates, "%.0f");
            print("  ratio within a round", ratios, "%.2f");
        } finally {
            connection.destroy();
        }
    }

    private static double pairsPerSecond(LockProvider provider, double seconds) {
        long start = System.nanoTime();
        long pairs = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            provider.lock(new LockConfiguration(
                            Instant.now(), "speed-" + pairs++ % NAMES, Duration.ofMinutes(1), Duration.ZERO))
                    .ifPresentOrElse(SimpleLock::unlock, () -> {
                        throw new IllegalStateException("a lock that nobody else takes was refused");
                    });
        }
        return pairs / ((System.nanoTime() - start) / 1e9);
    }

    private static void print(String what, double[] values, String format) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        String spread = format + " (" + format + " to " + format + ")";
        System.out.printf(
                Locale.ROOT,
                "%-52s " + spread + "%n",
                what,
                sorted[sorted.length / 2],
                sorted[0],
                sorted[sorted.length - 1]);
    }
}
