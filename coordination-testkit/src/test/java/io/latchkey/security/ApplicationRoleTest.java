package io.latchkey.security;

import static io.latchkey.security.Caller.FINE;
import static io.latchkey.security.Caller.FORBIDDEN;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.SchemaMode;
import io.latchkey.TimedLease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A role that may execute the functions can do its work, and nothing else. */
@Timeout(120)
final class ApplicationRoleTest {
    /** All that an application may call. Whoever adds a function decides here, and in docs/security.md, that it may. */
    private static final String[] CALLABLE = {
        "acquire_lock(uuid,text,bigint,boolean)",
        "acquire_locks(uuid,text[],bigint[],boolean)",
        "acquire_shared(uuid,text,bigint,boolean,integer,integer)",
        "acquire_timed(uuid,text,bigint,boolean,bigint,bigint,text)",
        "add_watch(uuid,bigint,text,bigint)",
        "announce_leader(text)",
        "audit_permits(text)",
        "audit_server()",
        "audit_session(uuid)",
        "check_watches(uuid,bigint[])",
        "close_session(uuid,text[])",
        "confirm_timed(text,bigint,bigint)",
        "describe_candidate(uuid,text,bigint,text,text)",
        "downgrade_lock(uuid,text,bigint,bigint)",
        "extend_timed(text,bigint,bigint,bigint,bigint)",
        "fence(text,bigint)",
        "join_election(uuid,text,bigint,text,text)",
        "leave_election(uuid,text,bigint)",
        "open_session(text,integer,text,uuid)",
        "reap(integer)",
        "reaper_statement()",
        "reaper_status()",
        "release_lock(uuid,text,bigint)",
        "release_shared(uuid,text,bigint)",
        "release_timed(text,bigint,bigint)",
        "release_wanted(uuid,text,bigint)",
        "remove_watch(uuid,bigint)",
        "renew_session(uuid,bigint[],boolean,boolean)",
        "request_revocation(text,bigint)",
        "resume_session(uuid,uuid,text,integer,text,text[],bigint[],bigint[],bigint[],integer[],integer[])",
        "run_uncontended(uuid,text[],bigint[],bigint[])",
        "run_batch(uuid,text[],text[],bigint[])",
        "schedule_reaper(boolean)",
        "schema_version()",
        "set_permits(text,integer)",
        "settle_lock(text)",
        "try_lock(uuid,text)",
        "unschedule_reaper()",
        "upgrade_lock(uuid,text,bigint,bigint)",
        "wake(text[])",
        "withdraw_request(uuid,text,bigint)"
    };

    private final TestDatabase database = SecureServer.installed();
    private final TestRole role = SecureServer.member(database, "latchkey_client");

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    @SuppressWarnings("NullAway.Init")
    private Caller application;

    @BeforeEach
    void connect() {
        admin = new Caller(database.address());
        application = new Caller(database.address().withUser(role));
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        application.close();
        database.close();
    }

    private List<String> callable() throws SQLException {
        return admin.rows(
                "SELECT regexp_replace(p.oid::regprocedure::text, '^latchkey\\.', '') FROM pg_proc p"
                        + " WHERE p.pronamespace = 'latchkey'::regnamespace AND has_function_privilege(?::regrole, p.oid, 'EXECUTE')"
                        + " ORDER BY 1",
                role.name());
    }

    @Test
    void application_mayCallTheFunctionsOfTheApi_andNoOther() throws SQLException {
        assertThat(callable()).containsExactlyInAnyOrder(CALLABLE);
        admin.execute("BEGIN; CREATE FUNCTION latchkey.new_one() RETURNS int LANGUAGE sql AS 'SELECT 1'");
        assertThat(callable()).as("one that nobody decided on is found").contains("new_one()");
        admin.execute("ROLLBACK");
    }

    /** Every right on every relation, from the catalog: a new table is covered as well. */
    @Test
    void application_mayReadTheViews_andTouchNoTable() throws SQLException {
        String granted = """
                SELECT c.relname || ' ' || r
                  FROM pg_class c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) r
                 WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
                   AND (has_table_privilege(?::regrole, c.oid, r)
                        OR r IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege(?::regrole, c.oid, r))
                 UNION ALL
                SELECT c.relname || ' ' || r FROM pg_class c, unnest('{USAGE,SELECT,UPDATE}'::text[]) r
                 WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'S' AND has_sequence_privilege(?::regrole, c.oid, r)
                """;
        assertThat(admin.rows(granted, role.name(), role.name(), role.name()))
                .containsExactlyInAnyOrder(
                        "leaders SELECT",
                        "locks SELECT",
                        "participants SELECT",
                        "reaper SELECT",
                        "semaphores SELECT",
                        "sessions SELECT",
                        "waiters SELECT");
        admin.execute("BEGIN; GRANT SELECT (name) ON latchkey._lock TO latchkey_client");
        assertThat(admin.rows(granted, role.name(), role.name(), role.name()))
                .as("one column of one table is found")
                .contains("_lock SELECT");
        admin.execute("ROLLBACK");
    }

    @Test
    void application_isRefusedWhateverElseItTries() throws SQLException {
        for (String table : admin.rows("SELECT c.oid::regclass::text FROM pg_class c"
                + " WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'r'")) {
            for (String attempt : new String[] {
                "SELECT FROM %s",
                "SELECT ctid FROM %s",
                "COPY %s TO STDOUT",
                "INSERT INTO %s DEFAULT VALUES",
                "DELETE FROM %s",
                "TRUNCATE %s",
                "DO $$ BEGIN LOCK TABLE %s IN ACCESS SHARE MODE; END $$",
                "ALTER TABLE %s ADD COLUMN mine int",
                "DROP TABLE %s",
                "CREATE INDEX ON %s ((1))",
                "CREATE TRIGGER mine BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
                "CREATE RULE mine AS ON INSERT TO %s DO INSTEAD NOTHING",
                "CREATE POLICY mine ON %s",
                "COMMENT ON TABLE %s IS 'mine'",
                "GRANT SELECT ON %s TO PUBLIC"
            }) {
                String sql = attempt.formatted(table);
                assertThat(application.stateOf(sql)).as(sql).isEqualTo(FORBIDDEN);
            }
        }
        for (String sql : new String[] {
            "CREATE TABLE latchkey.mine (id int)",
            "CREATE FUNCTION latchkey.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE OR REPLACE FUNCTION latchkey.fence(p_name text, p_token bigint) RETURNS void LANGUAGE sql AS ''",
            "ALTER FUNCTION latchkey.fence(text, bigint) OWNER TO CURRENT_USER",
            "ALTER FUNCTION latchkey.fence(text, bigint) SECURITY INVOKER",
            "ALTER FUNCTION latchkey.fence(text, bigint) RESET ALL",
            "DROP FUNCTION latchkey.fence(text, bigint)",
            "ALTER TYPE latchkey.reply ADD ATTRIBUTE mine int",
            "CREATE OR REPLACE VIEW latchkey.locks AS SELECT 1",
            "DROP VIEW latchkey.locks",
            "ALTER SCHEMA latchkey RENAME TO mine",
            "DROP SCHEMA latchkey CASCADE",
            "SELECT nextval('latchkey._waiter_ticket_seq')",
            "SELECT setval('latchkey._waiter_ticket_seq', 1)",
            "SET ROLE latchkey_owner",
            "SET SESSION AUTHORIZATION latchkey_owner",
            "GRANT latchkey_owner TO CURRENT_USER",
            "REASSIGN OWNED BY latchkey_owner TO CURRENT_USER",
            "DROP OWNED BY latchkey_owner",
            "ALTER DEFAULT PRIVILEGES FOR ROLE latchkey_owner GRANT ALL ON TABLES TO PUBLIC",
            "ALTER ROLE latchkey_owner LOGIN",
            "SET session_replication_role = replica",
            "SET log_parameter_max_length = -1"
        }) {
            assertThat(application.stateOf(sql)).as(sql).isEqualTo(FORBIDDEN);
        }
        for (String function : admin.rows(
                "SELECT p.oid::regprocedure::text FROM pg_proc p"
                        + " WHERE p.pronamespace = 'latchkey'::regnamespace AND (p.proname ~ '^_' OR p.proname IN ('grant_to', 'run_reaper'))")) {
            assertThat(application.stateOf(Calls.withNulls(function)))
                    .as(function)
                    .isEqualTo(FORBIDDEN);
        }
    }

    /** With all that can be seen in the views, and without the secrets: ids of sessions and numbers of requests. */
    @Test
    void application_leavesTheLeasesOfOtherSessionsAlone() throws SQLException {
        Caller victim = new Caller(database.address()).open("victim");
        long token = token(victim, "latchkey.acquire_lock(?, 'exclusive', 7001, false)");
        long reader = token(victim, "latchkey.acquire_shared(?, 'shared', 7002, false)");
        long permits = token(victim, "latchkey.acquire_shared(?, 'permits', 7003, false, 2, 3)");
        long timed = token(victim, "latchkey.acquire_timed(?, 'timed', 7004, false, 600000, 0, 'victim')");
        victim.ask("SELECT latchkey.join_election(?, 'election', 7005, 'victim', 'hello')", victim.session);
        victim.ask("SELECT latchkey.add_watch(?, 7006, 'exclusive', ?)", victim.session, token);
        Caller second = new Caller(database.address()).open("second victim");
        second.ask("SELECT latchkey.acquire_lock(?, 'exclusive', 7007, true)", second.session);
        String before = held();

        application.open("attacker");
        List<String> visible = application.rows("SELECT fencing_token FROM latchkey.locks");
        assertThat(visible).contains(Long.toString(token), Long.toString(timed));
        for (String name : new String[] {"exclusive", "shared", "permits", "timed", "election"}) {
            for (String number : visible) {
                for (String session : new String[] {"'" + application.session + "'", "gen_random_uuid()", "NULL"}) {
                    for (String call : new String[] {
                        "release_lock(%2$s, '%1$s', %3$s)",
                        "release_shared(%2$s, '%1$s', %3$s)",
                        "release_wanted(%2$s, '%1$s', %3$s)",
                        "downgrade_lock(%2$s, '%1$s', %3$s, 1)",
                        "upgrade_lock(%2$s, '%1$s', %3$s, 1)",
                        "withdraw_request(%2$s, '%1$s', %3$s)",
                        "leave_election(%2$s, '%1$s', %3$s)",
                        "describe_candidate(%2$s, '%1$s', %3$s, 'attacker', '')",
                        "run_batch(%2$s, '{release,withdraw,give_back}', '{%1$s,%1$s,%1$s}', '{%3$s,%3$s,%3$s}')",
                        "run_uncontended(%2$s, '{%1$s}', '{NULL}', '{%3$s}')",
                        "close_session(%2$s, '{%1$s}')",
                        "close_session(%2$s)",
                        "renew_session(%2$s)",
                        "remove_watch(%2$s, %3$s)",
                        "audit_session(%2$s)",
                        "check_watches(%2$s)"
                    }) {
                        if (!call.startsWith("close_session(%2$s)")
                                || !session.contains(application.session.toString())) {
                            attempt("SELECT latchkey." + call.formatted(name, session, number));
                        }
                    }
                }
                for (String call : new String[] {
                    "release_timed('%1$s', %2$s, %2$s)",
                    "release_timed('%1$s', %2$s, NULL)",
                    "confirm_timed('%1$s', %2$s, %2$s)",
                    "extend_timed('%1$s', %2$s, 0, 1, 0)",
                    "acquire_timed(NULL, '%1$s', %2$s, false, 1000, 0, 'attacker')",
                    "settle_lock('%1$s')",
                    "wake('{%1$s}')",
                    "announce_leader('%1$s')",
                    "reap()"
                }) {
                    attempt("SELECT latchkey." + call.formatted(name, number));
                }
            }
        }
        assertThat(application.ask(
                        "SELECT outcome FROM latchkey.resume_session(gen_random_uuid(), gen_random_uuid(), 'attacker', 15000, NULL,"
                                + " '{exclusive}', ARRAY[?::bigint + 1], '{1}', '{NULL}')",
                        token))
                .isEqualTo("too_late");
        assertThat(held()).isEqualTo(before);
        for (long each : new long[] {token, reader, permits, timed}) {
            String name =
                    each == token ? "exclusive" : each == reader ? "shared" : each == permits ? "permits" : "timed";
            victim.ask("SELECT latchkey.fence(?, ?)", name, each);
        }
        assertThat(victim.ask(
                        "SELECT (latchkey.release_lock(?, 'exclusive', ?)::latchkey.reply).outcome",
                        victim.session,
                        token))
                .isEqualTo("handed_over");
        victim.close();
        second.close();
    }

    /** Does nothing, or is refused as an argument that makes no sense. */
    private void attempt(String sql) {
        assertThat(application.stateOf(sql)).as(sql).isIn(FINE, "LK002");
    }

    private static long token(Caller caller, String call) throws SQLException {
        return Long.parseLong(
                caller.ask("SELECT (r).token FROM (SELECT " + call + "::latchkey.reply AS r) q", caller.session));
    }

    private String held() throws SQLException {
        return admin.rows("""
                SELECT concat_ws(' ', l.name, l.token, l.session, l.request, l.expires_at, l.taken, l.permits) FROM latchkey._lock l
                 UNION ALL SELECT concat_ws(' ', h.*::text) FROM latchkey._shares h
                 UNION ALL SELECT concat_ws(' ', w.*::text) FROM latchkey._waiter w
                 UNION ALL SELECT concat_ws(' ', s.id, s.expires_at) FROM latchkey._session s WHERE s.holder LIKE '%victim'
                 UNION ALL SELECT c.*::text FROM latchkey._candidate c
                 UNION ALL SELECT w.*::text FROM latchkey._watch w
                 ORDER BY 1""").toString();
    }

    /** The Java client as the application's role, which installs nothing. */
    @Test
    void client_asTheApplication_canDoItsWork() throws Exception {
        String url = database.address().withUser(role).url();
        try (Latchkey a =
                        Scene.client(url, "a", 15_000).schema(SchemaMode.CHECK).connect();
                Latchkey b =
                        Scene.client(url, "b", 15_000).schema(SchemaMode.CHECK).connect()) {
            Lease lease = a.lock("x").acquire();
            try (Connection connection = database.address().withUser(role).connect()) {
                connection.setAutoCommit(false);
                lease.fence(connection);
                connection.commit();
            }
            CompletableFuture<Lease> next = b.lock("x").acquireAsync();
            Scene.awaitWaiting(database.address(), "x", 1);
            lease.release();
            Scene.granted(next).release();
            a.readWriteLock("rw").readLock().acquire().release();
            a.semaphore("s", 3).acquire(2).release();
            a.multiLock("m1", "m2").acquire().close();
            TimedLease timed = a.lock("t")
                    .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)))
                    .orElseThrow();
            timed.release();
            LeaderElection election = a.election("e");
            election.campaign();
            assertThat(election.await(Scene.PATIENCE)).isPresent();
            election.resign();
        }
    }
}
