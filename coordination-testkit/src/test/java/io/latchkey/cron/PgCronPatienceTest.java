package io.latchkey.cron;

import static io.latchkey.faults.Scene.PATIENCE;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.LockWorker;
import io.latchkey.testkit.PgCronServer;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What takes a minute or two, all of it at the same time. */
@Timeout(200)
final class PgCronPatienceTest {
    private static final int TTL_MS = 2_000;
    private static final Duration RENEWED_FOR = Duration.ofMinutes(2);

    private static final ExecutorService THREADS = Executors.newCachedThreadPool();
    private static @Nullable CronServer minutes;
    private static @Nullable CronServer seconds;

    @SuppressWarnings("NullAway.Init")
    private static Future<Long> handOver;

    @SuppressWarnings("NullAway.Init")
    private static Future<Long> otherDatabase;

    @SuppressWarnings("NullAway.Init")
    private static Future<Long> renewed;

    @BeforeAll
    static void begin() {
        CronServer older = CronServer.start(PgCronServer.MINUTES);
        minutes = older;
        CronServer newer = CronServer.start(PgCronServer.SECONDS);
        seconds = newer;
        older.runRolesScript(); // the job logs in as a role of its own
        newer.execute("SELECT latchkey.schedule_reaper()");
        older.execute("SELECT latchkey.schedule_reaper()");
        handOver = THREADS.submit(() -> millisUntilTheSleeperHasTheLock(older));
        otherDatabase = THREADS.submit(() -> millisUntilItIsReapedElsewhere(older));
        renewed = THREADS.submit(() -> looksAtALeaseThatIsRenewed(newer));
    }

    @AfterAll
    static void end() {
        THREADS.shutdownNow();
        for (CronServer cron : new @Nullable CronServer[] {minutes, seconds}) {
            if (cron != null) {
                cron.close();
            }
        }
    }

    /** Waits as long as it takes for the next minute. */
    private static void nextMinute(DatabaseAddress where, String condition) {
        await().atMost(Duration.ofSeconds(130))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> text(where, "SELECT " + condition).equals("t"));
    }

    private static JavaProcess holder(CronServer cron, int timeoutMs) {
        JavaProcess process =
                JavaProcess.start(LockWorker.class, cron.app.url(), "holder", Integer.toString(timeoutMs));
        process.expect("ready", PATIENCE);
        process.send("acquire job");
        process.expect("acquired", PATIENCE);
        return process;
    }

    private static long millisUntilTheSleeperHasTheLock(CronServer cron) throws Exception {
        try (JavaProcess holder = holder(cron, TTL_MS);
                Sleeper sleeper = new Sleeper(cron.app, "job")) {
            // The worst moment to die: the job that comes next finds the session alive.
            nextMinute(cron.app, "extract(second FROM clock_timestamp()) BETWEEN 57.5 AND 59");
            holder.kill();
            long killed = System.nanoTime();
            nextMinute(cron.app, "session = '" + sleeper.session + "' FROM latchkey._lock WHERE name = 'job'");
            long millis = millisSince(killed);
            assertThat(sleeper.isWoken(Duration.ofSeconds(1))).isTrue();
            assertThat(cron.ask("SELECT run_by || ' every ' || pg_cron_every FROM latchkey.reaper"))
                    .isEqualTo("pg_cron every 00:01:00");
            return millis;
        }
    }

    @Test
    void everyMinute_lockOfAKilledHolder_goesToASleeper() throws Exception {
        assertThat(handOver.get(180, TimeUnit.SECONDS)).isLessThan(TTL_MS + 61_000);
    }

    private static long millisUntilItIsReapedElsewhere(CronServer cron) {
        CronServer.execute(cron.server.address(), "CREATE DATABASE other");
        DatabaseAddress other = cron.app.withDatabase("other");
        client(other.url(), "installer", 500).connect().close();
        cron.execute(text(other, "SELECT latchkey.reaper_statement()")
                .replace("'1 second', 'S", "'* * * * *', 'S")
                .replace("1 second", "1 minute"));
        CronServer.execute(other, "SELECT latchkey.open_session('gone', 100)");
        long begun = System.nanoTime();
        nextMinute(other, "count(*) = 0 FROM latchkey._session");
        assertThat(text(other, "SELECT every FROM latchkey.schedule_reaper()")).isEqualTo("minute");
        return millisSince(begun);
    }

    @Test
    void everyMinute_anotherDatabaseIsReaped() throws Exception {
        assertThat(otherDatabase.get(180, TimeUnit.SECONDS)).isLessThan(63_000);
    }

    private static long looksAtALeaseThatIsRenewed(CronServer cron) {
        try (JavaProcess holder = holder(cron, 1_000)) {
            String token = cron.ask("SELECT token FROM latchkey._lock WHERE name = 'job'");
            long looks = 0;
            for (long begun = System.nanoTime(); millisSince(begun) < RENEWED_FOR.toMillis(); looks++) {
                assertThat(cron.ask("SELECT fencing_token FROM latchkey.locks WHERE holder = 'holder'"))
                        .isEqualTo(token);
                LockSupport.parkNanos(100_000_000);
            }
            assertThat(cron.ask("SELECT run_by FROM latchkey.reaper")).isEqualTo("pg_cron");
            holder.send("valid");
            holder.expect("valid true", PATIENCE);
            assertThat(holder.output()).doesNotContain("lost");
            // Its twin: a reaper that goes by the age of a session.
            cron.sabotage("_reap_sessions", "e.expires_at <= clock_timestamp()", "e.opened_at < clock_timestamp()");
            eventually(() -> holder.output().contains("lost"));
            return looks;
        }
    }

    @Test
    void everySecond_leaseThatIsRenewed_isNeverEnded_unlessTheReaperGoesByItsAge() throws Exception {
        assertThat(renewed.get(180, TimeUnit.SECONDS)).isGreaterThan(100);
    }
}
