package io.latchkey.cron;

import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.Reaper;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PgCronServer;
import io.latchkey.testkit.TestRole;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** One job, as often as pg_cron can, whoever asks; and where there can be none, the reason and the way out. */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {PgCronServer.MINUTES, PgCronServer.SECONDS})
@Timeout(60)
final class PgCronJobTest {
    @SuppressWarnings("NullAway.Init")
    private static @Nullable CronServer started;

    @Parameter
    int major;

    @SuppressWarnings("NullAway.Init")
    private CronServer cron;

    @BeforeParameterizedClassInvocation
    static void start(int major) {
        started = null;
        started = CronServer.start(major);
    }

    @AfterParameterizedClassInvocation
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

    private record Refusal(String state, String message, String hint) {}

    /** What the database answers to one who needs the job. */
    private static Refusal refusal(DatabaseAddress where) {
        try (Connection connection = where.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT latchkey.schedule_reaper()");
        } catch (SQLException e) {
            var message = ((org.postgresql.util.PSQLException) e).getServerErrorMessage();
            assertThat(message).isNotNull();
            return new Refusal(
                    String.valueOf(e.getSQLState()),
                    String.valueOf(message.getMessage()),
                    String.valueOf(message.getHint()));
        }
        throw new AssertionError("it was not refused");
    }

    private String schedule() {
        return cron.ask("SELECT every || ' ' || job_id FROM latchkey.schedule_reaper()");
    }

    private void assertOneJobThatIsAsOftenAsCanBe() {
        assertThat(cron.ask("SELECT string_agg(schedule || ' in ' || database, ';') FROM cron.job"))
                .isEqualTo((major == PgCronServer.SECONDS ? "1 second" : "* * * * *") + " in app");
    }

    @Test
    void schedule_canBeRepeated_andIsAsOftenAsPgCronCan() {
        String first = schedule();
        assertThat(first).startsWith(major == PgCronServer.SECONDS ? "second " : "minute ");
        String written = cron.ask("SELECT xmin FROM cron.job");
        assertThat(schedule()).isEqualTo(first);
        assertThat(cron.ask("SELECT xmin FROM cron.job"))
                .as("the second time nothing is written")
                .isEqualTo(written);
        assertOneJobThatIsAsOftenAsCanBe();
    }

    @Test
    void schedule_afterAnUpgradeOfPgCron_turnsMinutesIntoSeconds() {
        cron.execute("SELECT cron.schedule('latchkey app', '* * * * *', 'SELECT 1')");
        schedule();
        assertOneJobThatIsAsOftenAsCanBe();
        assertThat(cron.ask("SELECT command FROM cron.job")).contains("latchkey.run_reaper", "'off'");
    }

    @Test
    void schedule_byManyOfTwoRolesAtOnce_makesOneJob() throws Exception {
        assertThat(jobsOfTwoRolesAtOnce()).isEqualTo("1");
        assertThat(cron.ask("SELECT username FROM cron.job")).isEqualTo("latchkey_reaper");
        assertOneJobThatIsAsOftenAsCanBe();
    }

    @Test
    void schedule_ifTheJobWereItsCallers_makesTwoJobs() throws Exception {
        cron.sabotage("schedule_reaper", "SECURITY DEFINER", "SECURITY INVOKER");
        for (String function : List.of("_reaper_obstacle", "_job_obstacle", "_job_name", "_job_command")) {
            cron.execute("GRANT EXECUTE ON FUNCTION latchkey." + function + " TO PUBLIC");
        }
        cron.execute("GRANT USAGE ON SCHEMA cron TO PUBLIC");
        try {
            assertThat(jobsOfTwoRolesAtOnce()).isEqualTo("2");
        } finally {
            cron.execute("REVOKE USAGE ON SCHEMA cron FROM PUBLIC");
        }
    }

    private String jobsOfTwoRolesAtOnce() throws Exception {
        cron.runRolesScript();
        List<TestRole> roles = List.of(cron.createClient("ann"), cron.createClient("ben"));
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<String>> calls = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                DatabaseAddress where = cron.app.withUser(roles.get(i % 2));
                calls.add(() -> text(where, "SELECT job_id FROM latchkey.schedule_reaper()"));
            }
            for (Future<String> id : threads.invokeAll(calls)) {
                assertThat(id.get()).matches("\\d+");
            }
        } finally {
            threads.shutdownNow();
        }
        return cron.ask("SELECT count(*) FROM cron.job");
    }

    @Test
    void schedule_withoutUsageOfTheSchemaCron_namesTheGrant_whichIsAllThatIsMissing() {
        cron.runRolesScript();
        cron.execute("REVOKE USAGE ON SCHEMA cron FROM latchkey_reaper");
        DatabaseAddress client = cron.app.withUser(cron.createClient("ann"));
        Refusal refusal = refusal(client);
        assertThat(refusal)
                .isEqualTo(new Refusal(
                        "LK013",
                        "the role latchkey_reaper may not use pg_cron",
                        "GRANT USAGE ON SCHEMA cron TO latchkey_reaper;"));
        cron.execute(refusal.hint());
        assertThat(text(client, "SELECT every FROM latchkey.schedule_reaper()")).isIn("second", "minute");
    }

    @Test
    void schedule_withoutTheRightToSchedule_namesTheGrant() {
        cron.runRolesScript();
        cron.execute("REVOKE EXECUTE ON FUNCTION cron.schedule(text, text, text) FROM PUBLIC");
        try {
            Refusal refusal = refusal(cron.app);
            assertThat(refusal.state()).isEqualTo("LK013");
            cron.execute(refusal.hint());
            assertThat(schedule()).matches("(second|minute) \\d+");
        } finally {
            cron.execute("GRANT EXECUTE ON FUNCTION cron.schedule(text, text, text) TO PUBLIC");
        }
    }

    @Test
    void schedule_asRoleThatMayNotLogIn_saysSo() {
        cron.runRolesScript();
        cron.execute("ALTER ROLE latchkey_reaper NOLOGIN");
        Refusal refusal = refusal(cron.app);
        assertThat(refusal.state()).isEqualTo("LK013");
        assertThat(refusal.hint()).startsWith("ALTER ROLE latchkey_reaper LOGIN;");
        cron.runRolesScript(); // the other way out
        assertThat(schedule()).matches("(second|minute) \\d+");
    }

    @Test
    void schedule_ofJobThatSomebodySwitchedOff_leavesItAndSaysSo() {
        String job = schedule().split(" ")[1];
        cron.execute("SELECT cron.alter_job(" + job + ", active := false)");
        Refusal refusal = refusal(cron.app);
        assertThat(refusal.state()).isEqualTo("LK014");
        assertThat(cron.ask("SELECT active FROM cron.job")).isEqualTo("f");
        cron.execute(refusal.hint());
        assertThat(schedule()).endsWith(job);
    }

    @Test
    void rolesScript_movesTheJobThatIsThere() {
        schedule();
        cron.runRolesScript();
        assertThat(cron.ask("SELECT string_agg(username, ' ') FROM cron.job")).isEqualTo("latchkey_reaper");
        cron.runRolesScript();
        assertOneJobThatIsAsOftenAsCanBe();
    }

    @Test
    void schedule_inAnotherDatabase_saysWhatToRunWhere() {
        CronServer.execute(cron.server.address(), "DROP DATABASE IF EXISTS other WITH (FORCE)");
        CronServer.execute(cron.server.address(), "CREATE DATABASE other");
        DatabaseAddress other = cron.app.withDatabase("other");
        assertThatThrownBy(() ->
                        Latchkey.builder(other.url()).reaper(Reaper.PG_CRON).connect())
                .isInstanceOfSatisfying(
                        CoordinationException.class,
                        e -> assertThat(e.sqlState()).isEqualTo("LK012"))
                .hasMessageContainingAll("pg_cron works in the database app, not in other", "schedule_in_database");
        Refusal refusal = refusal(other);
        assertThat(refusal.hint())
                .startsWith("In the database app run: SELECT cron.schedule_in_database('latchkey other'");
        cron.execute(text(other, "SELECT latchkey.reaper_statement()")
                .replace("'1 second', 'S", major == PgCronServer.SECONDS ? "'1 second', 'S" : "'* * * * *', 'S"));
        assertThat(cron.ask("SELECT database || ' ' || username FROM cron.job")).isEqualTo("other postgres");
        if (major == PgCronServer.SECONDS) { // the other one takes a minute: see PgCronPatienceTest
            cron.awaitAtWork(other);
            assertThat(text(other, "SELECT every FROM latchkey.schedule_reaper()"))
                    .isEqualTo("second");
        }
    }

    @Test
    void unschedule_takesTheJobAndItsRunsAway() {
        String job = schedule().split(" ")[1];
        cron.execute("INSERT INTO cron.job_run_details (jobid, username, status) VALUES (" + job
                + ", 'postgres', 'succeeded'), (777, 'postgres', 'succeeded')");
        assertThat(cron.ask("SELECT latchkey.unschedule_reaper()")).isEqualTo("t");
        assertThat(cron.ask("SELECT latchkey.unschedule_reaper()")).isEqualTo("f");
        assertThat(cron.count("cron.job")).isZero();
        assertThat(cron.ask("SELECT string_agg(jobid::text, ' ') FROM cron.job_run_details WHERE job_pid IS NULL"))
                .isEqualTo("777");
    }

    @Test
    void purge_deletesOldRunsOfItsOwnJob_pieceByPiece() {
        long job = purgeable();
        cron.execute("SELECT latchkey.run_reaper('1 second')");
        assertThat(cron.count("cron.job_run_details WHERE return_message = 'own' AND jobid = " + job))
                .as("the first piece")
                .isBetween(1L, 2_000L);
        for (int i = 0; i < 5; i++) {
            cron.execute("UPDATE latchkey._reaper SET purged_at = '-infinity'");
            cron.execute("SELECT latchkey.run_reaper('1 second')");
        }
        assertThat(cron.count("cron.job_run_details WHERE return_message = 'own'"))
                .isZero();
        assertThat(cron.count("cron.job_run_details WHERE return_message = 'young'"))
                .isEqualTo(5);
        assertThat(cron.count("cron.job_run_details WHERE return_message = 'other''s'"))
                .isEqualTo(20_000);
    }

    @Test
    void purge_withoutItsLookAtTheJob_deletesRunsOfOthers() {
        purgeable();
        cron.sabotage("_purge_runs", "d.jobid = $2 AND d.status", "d.status");
        cron.execute("SELECT latchkey.run_reaper('1 second')");
        assertThat(cron.count("cron.job_run_details WHERE return_message = 'other''s'"))
                .isLessThan(20_000);
    }

    /** Many runs of another job, some of our own among them, and a few that are young. */
    private long purgeable() {
        cron.runRolesScript();
        long job = Long.parseLong(schedule().split(" ")[1]);
        String columns = "(jobid, username, status, return_message, start_time, end_time)";
        String old = "'succeeded', %s, now() - interval '1 hour', now() - interval '1 hour'";
        cron.execute("INSERT INTO cron.job_run_details " + columns
                + " SELECT CASE WHEN g % 10 = 0 THEN " + job + " ELSE 777 END, 'latchkey_reaper', "
                + old.formatted("CASE WHEN g % 10 = 0 THEN 'own' ELSE 'other''s' END")
                + " FROM generate_series(1, 22222) g");
        cron.execute("INSERT INTO cron.job_run_details " + columns + " SELECT " + job
                + ", 'latchkey_reaper', 'failed', 'young', now(), now() FROM generate_series(1, 5)");
        cron.execute("UPDATE latchkey._setting SET runs_purged_to = (SELECT min(runid) - 1 FROM cron.job_run_details)");
        return job;
    }

    @Test
    void clientsThatStartAtOnce_makeOneJob_andNoneFails() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(12);
        try {
            List<Callable<@Nullable String>> starts = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                Reaper reaper = i % 2 == 0 ? Reaper.AUTO : Reaper.PG_CRON;
                starts.add(() -> {
                    try (Latchkey client =
                            Latchkey.builder(cron.app.url()).reaper(reaper).connect()) {
                        return client.reaperStatus().obstacle();
                    }
                });
            }
            for (Future<@Nullable String> obstacle : threads.invokeAll(starts)) {
                assertThat(obstacle.get()).isNull();
            }
        } finally {
            threads.shutdownNow();
        }
        assertOneJobThatIsAsOftenAsCanBe();
    }

    @Test
    void clientThatIsNotToAsk_makesNoJob() {
        for (Reaper reaper : List.of(Reaper.CLIENT, Reaper.NONE)) {
            Latchkey.builder(cron.app.url()).reaper(reaper).connect().close();
        }
        assertThat(cron.count("cron.job")).isZero();
    }

    @Test
    void view_tellsPeople() throws SQLException {
        try (Connection connection = cron.app.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT * FROM latchkey.reaper")) {
            assertThat(row.next()).isTrue();
            assertThat(row.getString("run_by")).isIn("nobody", "clients");
            assertThat(row.getString("pg_cron_every")).isNull();
        }
    }
}
