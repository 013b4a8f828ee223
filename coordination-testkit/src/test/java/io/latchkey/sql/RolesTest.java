package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code roles.sql}: who may do what, with real roles on a database of their own. */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {15, 18})
final class RolesTest {
    @Parameter
    int major;

    @SuppressWarnings("NullAway.Init")
    private TestDatabase database;

    private final List<Party> parties = new ArrayList<>();

    @BeforeEach
    void install() {
        database = SqlDatabase.fresh(major).server().database();
        Migrations.install(database.address());
        database.execute(Migrations.read("roles.sql"));
    }

    @AfterEach
    void drop() throws SQLException {
        for (Party party : parties) {
            party.close();
        }
        database.close();
    }

    private Party member(String of) {
        TestRole role = database.createRole();
        if (!of.isEmpty()) {
            database.execute("GRANT " + of + " TO " + role.name());
        }
        Party party = new Party(database.address().withUser(role));
        parties.add(party);
        return party;
    }

    private static void assertForbidden(Party party, String sql) {
        assertThatThrownBy(() -> party.execute(sql))
                .as(sql)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
    }

    @Test
    void client_canLiveTheWholeLifeOfLocks() throws SQLException {
        Party a = member("latchkey_client").open("a", 15_000);
        Party b = member("latchkey_client").open("b", 15_000);
        long token = a.tryAcquire("x", 1).granted();
        b.acquire("x", 2);
        a.begin();
        a.fence("x", token);
        a.commit();
        assertThat(a.ask("SELECT holder FROM latchkey.locks")).isEqualTo("a");
        assertThat(a.ask("SELECT waiter FROM latchkey.waiters")).isEqualTo("b");
        assertThat(a.release("x", token)).isEqualTo("handed_over");
        assertThat(b.renew()).isEqualTo("alive");
        assertThat(b.withdraw("x", 2)).isEqualTo("released");
        long timed = b.acquireTimed("y", 3, false, 60_000, 0).granted();
        b.extendTimed("y", timed, 3, 60_000).granted();
        assertThat(b.releaseTimed("y", timed, 3)).isEqualTo("released");
        assertThat(a.batch(a.texts("try"), a.texts("z"), a.numbers(4L))).isEqualTo("granted");
        a.ask("SELECT latchkey.join_election(?, 'e', 5, 'a')", a.session);
        assertThat(a.ask("SELECT leader FROM latchkey.leaders")).isEqualTo("a");
        a.ask("SELECT latchkey.leave_election(?, 'e', 5)", a.session);
        assertThat(a.ask("SELECT latchkey.request_revocation('z')")).isEqualTo("f");
        a.ask("SELECT latchkey.reap()");
        a.ask("SELECT latchkey.wake('{x}')");
        assertThat(a.settle("x")).isEqualTo("settled");
        String newest = Migrations.names().get(Migrations.names().size() - 1);
        assertThat(a.ask("SELECT version FROM latchkey.schema_version()"))
                .isEqualTo(newest.substring(1, newest.indexOf("__")));
        assertThat(a.ask("SELECT count(*) FROM latchkey.sessions")).isEqualTo("2");
        assertThat(a.close(null)).isTrue();
    }

    @Test
    void client_mayNothingElse() throws SQLException {
        Party a = member("latchkey_client");
        for (String table : new String[] {
            "_lock",
            "_session",
            "_waiter",
            "_share",
            "_setting",
            "_incarnation",
            "_reaper",
            "_schema_version",
            "_candidate",
            "_watch"
        }) {
            assertForbidden(a, "SELECT FROM latchkey." + table);
            assertForbidden(a, "DELETE FROM latchkey." + table);
            assertForbidden(a, "TRUNCATE latchkey." + table);
        }
        assertForbidden(a, "UPDATE latchkey._setting SET grace_ms = 1");
        assertForbidden(a, "SELECT latchkey.grant_to('" + a.ask("SELECT current_user") + "')");
        assertForbidden(a, "SELECT latchkey._clear('x', false)");
        assertForbidden(a, "SELECT latchkey._hand_over(NULL, true)");
        assertForbidden(a, "CREATE TABLE latchkey.mine (id int)");
        assertForbidden(a, "DROP SCHEMA latchkey CASCADE");
        assertForbidden(a, "ALTER FUNCTION latchkey.fence(text, bigint) RENAME TO unfence");
        assertForbidden(a, "SET ROLE latchkey_owner");
    }

    @Test
    void monitor_seesTheViews_andCannotTakeLocks() throws SQLException {
        member("latchkey_client").open("a", 15_000).tryAcquire("x", 1).granted();
        Party monitor = member("latchkey_monitor");
        assertThat(monitor.ask("SELECT holder FROM latchkey.locks WHERE name = 'x'"))
                .isEqualTo("a");
        assertThat(monitor.ask("SELECT holder FROM latchkey.sessions")).isEqualTo("a");
        assertThat(monitor.ask("SELECT count(*) FROM latchkey.waiters")).isEqualTo("0");
        monitor.ask("SELECT version FROM latchkey.schema_version()");
        assertForbidden(monitor, "SELECT latchkey.open_session('m')");
        assertForbidden(monitor, "SELECT latchkey.acquire_lock(gen_random_uuid(), 'x', 1, true)");
        assertForbidden(monitor, "SELECT latchkey.reap()");
        assertForbidden(monitor, "SELECT FROM latchkey._session");
    }

    @Test
    void stranger_seesNothing() {
        Party stranger = member("");
        assertForbidden(stranger, "SELECT FROM latchkey.locks");
        assertForbidden(stranger, "SELECT latchkey.open_session('s')");
        assertForbidden(stranger, "SELECT latchkey.schema_version()");
        assertForbidden(stranger, "SELECT FROM latchkey._lock");
    }

    /** But for the functions whose owner pg_cron logs in as. */
    @Test
    void everything_belongsToTheOwner_whoCannotLogIn() throws SQLException {
        Party admin = new Party(database.address());
        parties.add(admin);
        assertThat(admin.ask("""
                        SELECT count(*) FROM (
                            SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'latchkey'::regnamespace
                             UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'latchkey'::regnamespace
                                AND proowner <> 'latchkey_reaper'::regrole
                             UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = 'latchkey'::regnamespace
                             UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'latchkey') o
                         WHERE owner <> 'latchkey_owner'::regrole
                        """)).isEqualTo("0");
        assertThat(admin.ask("SELECT bool_or(rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb) FROM pg_roles"
                        + " WHERE rolname IN ('latchkey_owner', 'latchkey_client', 'latchkey_monitor')"))
                .isEqualTo("f");
        assertThat(admin.ask("SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc"
                        + " WHERE proowner = 'latchkey_reaper'::regrole"))
                .isEqualTo("_job_command _job_name _job_obstacle _purge_runs _reaper_obstacle reaper_statement"
                        + " schedule_reaper unschedule_reaper");
    }

    @Test
    void reaper_mayRunTheJob_andNothingElse() throws SQLException {
        Party reaper = member("latchkey_reaper");
        assertThat(reaper.ask("SELECT latchkey.run_reaper('1 second')")).isEqualTo("0");
        assertThat(reaper.ask("SELECT run_by FROM latchkey.reaper_status()")).isEqualTo("pg_cron");
        assertForbidden(reaper, "SELECT latchkey.open_session('r')");
        assertForbidden(reaper, "SELECT latchkey.reap()");
        assertForbidden(reaper, "SELECT FROM latchkey._session");
        assertForbidden(reaper, "SELECT FROM latchkey.locks");
        assertForbidden(reaper, "CREATE TABLE latchkey.mine (id int)");
        assertForbidden(reaper, "SET ROLE latchkey_owner");
        assertForbidden(member("latchkey_client"), "SELECT latchkey.run_reaper('1 second')");
    }

    @Test
    void client_mayAskForTheJob_andHearsWhyThereIsNone() throws SQLException {
        Party client = member("latchkey_client");
        assertThat(client.ask("SELECT state FROM latchkey.schedule_reaper(false)"))
                .isEqualTo("LK010");
        assertThatThrownBy(() -> client.ask("SELECT latchkey.schedule_reaper()"))
                .hasMessageContainingAll("pg_cron is not installed", "shared_preload_libraries")
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("LK010"));
        assertThat(client.ask("SELECT latchkey.unschedule_reaper()")).isEqualTo("f");
        assertThat(client.ask("SELECT run_by FROM latchkey.reaper")).isEqualTo("nobody");
    }

    @Test
    void script_canBeRepeated_andRunByOwnerWhoIsNoSuperuser() throws SQLException {
        database.execute(Migrations.read("roles.sql"));
        TestDatabase other = database.server().database();
        TestRole dba = database.createRole();
        try (other) {
            other.execute("ALTER DATABASE " + other.name() + " OWNER TO " + dba.name());
            database.execute("ALTER ROLE " + dba.name() + " CREATEROLE");
            database.execute("GRANT latchkey_owner, latchkey_reaper TO " + dba.name() + " WITH ADMIN OPTION");
            try (Party administrator = new Party(other.address().withUser(dba))) {
                Migrations.install(other.address().withUser(dba));
                administrator.execute(Migrations.read("roles.sql"));
                administrator.execute(Migrations.read("roles.sql"));
                assertThat(administrator.ask("SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'latchkey'"))
                        .isEqualTo("latchkey_owner");
            }
        }
    }
}
