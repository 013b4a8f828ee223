package io.latchkey.speed;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares the client with its floors in one run, interleaved, as ratios. Arguments: rounds (5), seconds per measurement (2).
 * PostgreSQL is chosen as for the tests, by {@code -Dlatchkey.postgres}.
 */
public final class SpeedMain {
    private static final int NAMES = 800;

    private final TestDatabase database;
    private final int rounds;
    private final double seconds;

    private SpeedMain(TestDatabase database, int rounds, double seconds) {
        this.database = database;
        this.rounds = rounds;
        this.seconds = seconds;
    }

    public static void main(String[] args) throws Exception {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        double seconds = args.length > 1 ? Double.parseDouble(args[1]) : 2;
        try (TestDatabase database = PostgresServer.shared().database()) {
            System.out.printf(
                    "PostgreSQL %d, %d rounds of %.1f s, medians (lowest to highest)%n",
                    PostgresServer.shared().majorVersion(), rounds, seconds);
            Latchkey.connect(database.url()).close();
            Floor.create(database, NAMES);
            database.execute("INSERT INTO latchkey._lock (name, token, granted_at)"
                    + " SELECT 'k' || g, 0, now() FROM generate_series(0, " + (NAMES - 1) + ") g");
            database.execute("VACUUM ANALYZE"); // as autovacuum does within a minute
            SpeedMain speed = new SpeedMain(database, rounds, seconds);
            speed.uncontended(1);
            speed.uncontended(8);
            speed.modes();
            speed.handOver(8);
            speed.manyRows(100_000);
            speed.idle(1_000, 15);
        }
    }

    private static void print(String what, String figure) {
        System.out.printf(Locale.ROOT, "%-58s %s%n", what, figure);
    }

    private void uncontended(int threads) throws Exception {
        List<Floor> floors = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            floors.add(new Floor(database));
        }
        try (Latchkey latchkey = Latchkey.connect(database.url())) {
            Workload.Turn floor = (thread, turn) -> floors.get(thread).pair(name(thread, turn));
            Workload.Turn ours = (thread, turn) ->
                    latchkey.lock(name(thread, turn)).acquire().release();
            Workload.rate(threads, seconds, floor);
            Workload.rate(threads, seconds, ours);
            double[] floorRates = new double[rounds];
            double[] rates = new double[rounds];
            double[] ratios = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                floorRates[round] = Workload.rate(threads, seconds, floor);
                rates[round] = Workload.rate(threads, seconds, ours);
                ratios[round] = rates[round] / floorRates[round];
            }
            String who = threads == 1 ? "1 thread" : threads + " threads";
            print(
                    "two bare updates, " + who + ", pairs/s",
                    String.format(Locale.ROOT, "%.0f", Workload.median(floorRates)));
            print(
                    "acquire + release, " + who + ", pairs/s",
                    String.format(Locale.ROOT, "%.0f", Workload.median(rates)));
            print("  ratio to the updates", Workload.spread(ratios));
        } finally {
            for (Floor floor : floors) {
                floor.close();
            }
        }
    }

    private static String name(int thread, long turn) {
        return "k" + (thread * 100L + turn % 100);
    }

    /** What the other kinds of leases cost one thread, beside the plain lock. */
    private void modes() throws Exception {
        try (Latchkey latchkey = Latchkey.connect(database.url());
                Latchkey other = Latchkey.connect(database.url())) {
            for (int i = 0; i < 100; i++) {
                other.readWriteLock("shared/" + i).readLock().acquire();
                other.semaphore("in use/" + i, 9).acquire(2);
            }
            Map<String, Workload.Turn> modes = new LinkedHashMap<>();
            modes.put(
                    "write lock",
                    (thread, turn) -> latchkey.readWriteLock("read/" + turn % 100)
                            .writeLock()
                            .acquire()
                            .release());
            modes.put(
                    "read lock",
                    (thread, turn) -> latchkey.readWriteLock("read/" + turn % 100)
                            .readLock()
                            .acquire()
                            .release());
            modes.put(
                    "permit",
                    (thread, turn) -> latchkey.semaphore("permits/" + turn % 100, 9)
                            .acquire()
                            .release());
            modes.put(
                    "read lock beside a reader",
                    (thread, turn) -> latchkey.readWriteLock("shared/" + turn % 100)
                            .readLock()
                            .acquire()
                            .release());
            modes.put(
                    "permit beside another",
                    (thread, turn) -> latchkey.semaphore("in use/" + turn % 100, 9)
                            .acquire()
                            .release());
            Workload.Turn plain = (thread, turn) ->
                    latchkey.lock("plain/" + turn % 100).acquire().release();
            Map<String, double[]> ratios = new LinkedHashMap<>();
            for (int round = -1; round < rounds; round++) { // the first one is to warm up
                double lock = Workload.rate(1, seconds, plain);
                for (Map.Entry<String, Workload.Turn> mode : modes.entrySet()) {
                    double ratio = lock / Workload.rate(1, seconds, mode.getValue());
                    if (round >= 0) {
                        ratios.computeIfAbsent(mode.getKey(), key -> new double[rounds])[round] = ratio;
                    }
                }
            }
            ratios.forEach((mode, all) -> print("cost of a " + mode + ", to that of the lock", Workload.spread(all)));
        }
    }

    /** From just before the release to the next holder's return, counted only where the holder changes. */
    private void handOver(int clients) throws Exception {
        List<Latchkey> all = new ArrayList<>();
        try {
            for (int i = 0; i < clients; i++) {
                all.add(Latchkey.connect(database.url()));
            }
            List<Double> micros = Collections.synchronizedList(new ArrayList<>());
            AtomicLong released = new AtomicLong();
            int[] last = {-1};
            Workload.Turn turn = (thread, number) -> {
                try (Lease lease = all.get(thread).lock("hand-over").acquire()) {
                    long now = System.nanoTime();
                    if (last[0] >= 0 && last[0] != thread) {
                        micros.add((now - released.get()) / 1e3);
                    }
                    last[0] = thread;
                    released.set(System.nanoTime());
                }
            };
            Workload.rate(clients, seconds, turn);
            micros.clear();
            Workload.rate(clients, rounds * seconds, turn);
            List<Double> sorted = micros.stream().sorted().toList();
            print(
                    "hand-over between " + clients + " clients, per second",
                    String.format(Locale.ROOT, "%.0f", sorted.size() / (rounds * seconds)));
            print(
                    "  median / p99, us",
                    String.format(
                            Locale.ROOT,
                            "%.0f / %.0f",
                            sorted.get(sorted.size() / 2),
                            sorted.get(sorted.size() * 99 / 100)));
        } finally {
            all.forEach(Latchkey::close);
        }
    }

    private void manyRows(int rows) throws Exception {
        try (Latchkey latchkey = Latchkey.connect(database.url());
                Floor floor = new Floor(database)) {
            Workload.Turn ours = (thread, turn) ->
                    latchkey.lock(name(thread, turn)).acquire().release();
            Workload.Turn bare = (thread, turn) -> floor.pair(name(thread, turn));
            double[] few = new double[rounds];
            double[] many = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                few[round] = Workload.rate(1, seconds, ours) / Workload.rate(1, seconds, bare);
            }
            database.execute("INSERT INTO latchkey._lock (name, token, granted_at)"
                    + " SELECT 'row/' || g, 0, now() FROM generate_series(1, " + rows + ") g");
            database.execute("VACUUM ANALYZE latchkey._lock");
            for (int round = 0; round < rounds; round++) {
                many[round] = Workload.rate(1, seconds, ours) / Workload.rate(1, seconds, bare);
            }
            print(
                    "rate with " + rows + " lock rows, to that with " + NAMES,
                    String.format(Locale.ROOT, "%.2f", Workload.median(many) / Workload.median(few)));
        }
    }

    private void idle(int waiters, int seconds) throws Exception {
        try (Latchkey holder = Latchkey.connect(database.url());
                Latchkey idle = Latchkey.connect(database.url());
                Connection watch = database.connect()) {
            for (int i = 0; i < waiters; i++) {
                holder.lock("idle/" + i).acquire();
            }
            List<CompletableFuture<Lease>> waiting = new ArrayList<>();
            for (int i = 0; i < waiters; i++) {
                waiting.add(idle.lock("idle/" + i).acquireAsync());
            }
            Thread.sleep(13_000); // until all wait; an idle backend tells its statistics after 10 s
            long before = transactions(watch);
            Thread.sleep(seconds * 1_000L);
            long after = transactions(watch);
            print(
                    "transactions in " + seconds + " s, 2 clients, " + waiters + " waiting calls",
                    (after - before - 1) + " (2 clients renew every 5 s)");
            waiting.forEach(future -> future.cancel(true));
        }
    }

    private static long transactions(Connection connection) throws Exception {
        try (ResultSet row = connection
                .createStatement()
                .executeQuery("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")) {
            row.next();
            return row.getLong(1);
        }
    }
}
