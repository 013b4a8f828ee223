package io.latchkey.cron;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PgCronServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The job and two clients, all at once, over locks whose holder is gone. */
@Timeout(120)
final class PgCronRaceTest {
    private static final int LOCKS = 1_000;
    private static final int ROUNDS = 6;
    /** Longer than any pause of a busy machine: whose lease is over is no holder. */
    private static final int SESSION_MS = 15_000;

    private final AtomicInteger overlaps = new AtomicInteger();
    private final AtomicInteger invalid = new AtomicInteger();
    private final Map<String, AtomicInteger> holders = new ConcurrentHashMap<>();
    private final Map<String, Queue<Long>> tokens = new ConcurrentHashMap<>();

    @Test
    void jobAndClients_overAThousandLocksThatEnd_grantEachOnce_withTokensThatRise() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (CronServer cron = CronServer.start(PgCronServer.SECONDS);
                Latchkey one = client(cron.app.url(), "one", SESSION_MS).connect();
                Latchkey two = client(cron.app.url(), "two", SESSION_MS).connect()) {
            cron.execute("CREATE TABLE public.reaped (n integer)");
            cron.sabotage("run_reaper", "RETURN v_done;", "INSERT INTO public.reaped VALUES (v_done); RETURN v_done;");
            cron.awaitAtWork(cron.app);
            int round = 0;
            do {
                round(cron, List.of(one, two), "round " + round++ + " lock ", threads);
            } while (round < ROUNDS && handedOverByTheJob(cron) == 0);
            assertThat(handedOverByTheJob(cron)).as("the job took part").isPositive();
            assertThat(overlaps).hasValue(0);
            assertThat(invalid)
                    .as("leases that were over before their holder could look")
                    .hasValue(0);
            assertThat(tokens).hasSize(round * LOCKS);
            tokens.forEach((name, granted) -> assertThat(List.copyOf(granted))
                    .as(name)
                    .hasSize(2)
                    .doesNotHaveDuplicates()
                    .isSorted());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Beside the one session that ended. */
    private static long handedOverByTheJob(CronServer cron) {
        return cron.count("public.reaped WHERE n > 1");
    }

    private void round(CronServer cron, List<Latchkey> clients, String prefix, ExecutorService threads)
            throws Exception {
        cron.execute("SELECT latchkey.open_session('gone', 60000, NULL, '00000000-0000-0000-0000-000000000001');"
                + " SELECT latchkey.acquire_lock('00000000-0000-0000-0000-000000000001', '" + prefix
                + "' || g, g, false) FROM generate_series(1, " + LOCKS + ") g");
        for (int i = 1; i <= LOCKS; i++) {
            String name = prefix + i;
            holders.put(name, new AtomicInteger());
            tokens.put(name, new ConcurrentLinkedQueue<>());
        }
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int i = 1; i <= LOCKS; i++) {
            String name = prefix + i;
            for (Latchkey client : clients) {
                all.add(client.lock(name).acquireAsync().thenAcceptAsync(lease -> granted(name, lease), threads));
            }
        }
        awaitWaiting(cron.app, prefix + "%", LOCKS * clients.size());
        cron.execute("UPDATE latchkey._session SET expires_at = clock_timestamp() WHERE holder = 'gone'");
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
    }

    private void granted(String name, Lease lease) {
        AtomicInteger inside = holders.getOrDefault(name, new AtomicInteger());
        boolean alone = inside.incrementAndGet() == 1;
        if (!lease.isValid()) {
            invalid.incrementAndGet();
        } else if (!alone) {
            overlaps.incrementAndGet();
        }
        tokens.getOrDefault(name, new ConcurrentLinkedQueue<>()).add(lease.fencingToken());
        inside.decrementAndGet();
        lease.release();
    }
}
