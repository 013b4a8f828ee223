package io.latchkey.cron;

import static io.latchkey.faults.Scene.PATIENCE;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.ReaperStatus;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.LockWorker;
import io.latchkey.testkit.PgCronServer;
import io.latchkey.testkit.StandbyServer;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a job that runs every second does for those who sleep, and that it is always there. */
@Timeout(90)
final class PgCronSecondsTest {
    private static final int TTL_MS = 2_000;

    private static @Nullable CronServer started;

    @SuppressWarnings("NullAway.Init")
    private CronServer cron;

    @BeforeAll
    static void start() {
        started = CronServer.start(PgCronServer.SECONDS);
    }

    @AfterAll
    static void stop() {
        if (started != null) {
            started.close();
        }
    }

    @BeforeEach
    void reset() {
        assertThat(started).isNotNull();
        cron = started;
        cron.reset();
    }

    /** A holder is killed, and nobody asks for its lock any more. Returns after how many milliseconds it has another holder. */
    private long millisUntilTheSleeperHasIt(Sleeper sleeper, JavaProcess holder) {
        cron.awaitAtWork(cron.app);
        holder.kill();
        long killed = System.nanoTime();
        eventually(() -> cron.ask("SELECT session FROM latchkey._lock WHERE name = 'job'")
                .equals(sleeper.session.toString()));
        return millisSince(killed);
    }

    private JavaProcess holder() {
        JavaProcess process = JavaProcess.start(LockWorker.class, cron.app.url(), "holder", Integer.toString(TTL_MS));
        process.expect("ready", PATIENCE);
        process.send("acquire job");
        process.expect("acquired", PATIENCE);
        return process;
    }

    @Test
    void lockOfAKilledHolder_goesToASleeperWithoutAnyClientAsking_andWakesIt() throws Exception {
        try (JavaProcess holder = holder();
                Sleeper sleeper = new Sleeper(cron.app, "job")) {
            assertThat(millisUntilTheSleeperHasIt(sleeper, holder)).isLessThan(TTL_MS + 1_500);
            assertThat(sleeper.isWoken(Duration.ofSeconds(1))).isTrue();
        }
    }

    @Test
    void handOverByAJobThatWaitsForTheDisk_wakesNobody() throws Exception {
        cron.sabotage("_job_command", "'synchronous_commit', 'off'", "'synchronous_commit', 'local'");
        try (JavaProcess holder = holder();
                Sleeper sleeper = new Sleeper(cron.app, "job")) {
            millisUntilTheSleeperHasIt(sleeper, holder);
            assertThat(sleeper.isWoken(Duration.ofSeconds(1))).isFalse();
        }
    }

    @Test
    void clients_whilePgCronWorks_doNotReap_andTakeOverWhenItStops() {
        try (Latchkey one = client(cron.app.url(), "one", 500).connect();
                Latchkey two = client(cron.app.url(), "two", 500).connect()) {
            cron.awaitAtWork(cron.app);
            assertThat(one.reaperStatus().runBy()).isEqualTo(ReaperStatus.RunBy.PG_CRON);
            assertThat(one.reaperStatus().age()).isLessThan(Duration.ofMillis(2_500));
            assertThat(looksThatSeeAClientsRun()).isLessThan(10); // a job that is late is no fault
            cron.execute("SELECT latchkey.unschedule_reaper()");
            eventually(() ->
                    cron.ask("SELECT last_run > cron_run FROM latchkey._reaper").equals("t"));
            eventually(() -> two.reaperStatus().runBy() == ReaperStatus.RunBy.CLIENTS);
            assertThat(two.reaperStatus().obstacle()).isNull();
            assertThat(looksThatSeeAClientsRun()).isEqualTo(40);
        }
    }

    /** Of forty, in the time of a dozen renewals. */
    private int looksThatSeeAClientsRun() {
        int seen = 0;
        for (int i = 0; i < 40; i++) {
            if (cron.ask("SELECT last_run > cron_run FROM latchkey._reaper").equals("t")) {
                seen++;
            }
            LockSupport.parkNanos(50_000_000);
        }
        return seen;
    }

    @Test
    void jobThatFails_isReportedWithItsReason() {
        cron.runRolesScript();
        cron.execute("REVOKE EXECUTE ON FUNCTION latchkey.run_reaper(interval) FROM latchkey_reaper");
        cron.execute("SELECT latchkey.schedule_reaper()");
        eventually(() ->
                cron.ask("SELECT state FROM latchkey.schedule_reaper(false)").equals("LK014"));
        assertThat(cron.ask("SELECT problem FROM latchkey.schedule_reaper(false)"))
                .contains("permission denied for function run_reaper");
        cron.execute("UPDATE cron.job SET command = 'what an older version ran'");
        assertThat(cron.ask("SELECT state FROM latchkey.schedule_reaper(false)"))
                .as("it is replaced and not complained of")
                .isEqualTo("null");
        assertThat(cron.ask("SELECT command FROM cron.job")).contains("latchkey.run_reaper");
        cron.execute("GRANT EXECUTE ON FUNCTION latchkey.run_reaper(interval) TO latchkey_reaper");
        cron.awaitAtWork(cron.app);
        assertThat(cron.ask("SELECT state FROM latchkey.schedule_reaper(false)"))
                .isEqualTo("null");
    }

    @Test
    void job_survivesRestartAndCrash() {
        cron.execute("SELECT latchkey.schedule_reaper()");
        cron.awaitAtWork(cron.app);
        String before = cron.ask("SELECT cron_run FROM latchkey._reaper");
        cron.server.restart();
        eventually(() -> cron.ask("SELECT cron_run > '" + before + "' FROM latchkey._reaper")
                .equals("t"));
        cron.server.crash();
        cron.server.startAgain();
        cron.awaitAtWork(cron.app);
    }

    @Test
    void job_startsByItselfOnAPromotedStandby() {
        cron.execute("SELECT latchkey.schedule_reaper()");
        cron.awaitAtWork(cron.app);
        try (StandbyServer standby = cron.server.standby()) {
            DatabaseAddress there = cron.app.withPort(standby.address().port());
            cron.server.crash();
            try {
                assertThat(text(there, "SELECT count(*) FROM cron.job")).isEqualTo("1");
                assertThat(standby.server().log()).doesNotContain("pg_cron scheduler started");
                standby.promote();
                cron.awaitAtWork(there);
                CronServer.execute(there, "SELECT latchkey.open_session('short', 100)");
                eventually(() ->
                        text(there, "SELECT count(*) FROM latchkey._session").equals("0"));
            } finally {
                cron.server.startAgain();
            }
        }
    }

    @Test
    void runsInJobRunDetails_doNotPileUp() {
        cron.sabotage("_purge_runs", "'10 minutes'", "'2 seconds'");
        cron.sabotage("run_reaper", "'1 minute'", "'1 second'");
        assertThat(runsAfterTenSeconds()).isLessThanOrEqualTo(6);
        cron.sabotage("run_reaper", "v_to := latchkey._purge_runs(v_to);", "");
        assertThat(runsAfterTenSeconds()).as("without the purge").isGreaterThan(8);
    }

    private long runsAfterTenSeconds() {
        cron.execute("SELECT latchkey.schedule_reaper()");
        long before = Long.parseLong(cron.ask("SELECT last_value FROM cron.runid_seq"));
        eventually(() -> Long.parseLong(cron.ask("SELECT last_value FROM cron.runid_seq")) >= before + 10);
        return cron.count("cron.job_run_details");
    }
}
