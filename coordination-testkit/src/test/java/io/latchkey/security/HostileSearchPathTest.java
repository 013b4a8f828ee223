package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.faults.Scene;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every function that runs with its owner's rights, called by somebody whose search_path and temporary schema are full of traps: an
 * operator for every built-in one on the types that matter, a function for every built-in one that the schema mentions, a domain for
 * every type, a view for every table. A trap that is stepped on with another role's rights says so.
 */
@Timeout(300)
final class HostileSearchPathTest {
    private static final String TRAPPED = "LKXXX";
    private static final String TYPES =
            "'{text,int8,int4,uuid,timestamptz,xid,xid8,tid,bool,float8,interval,name,_text,_int8,_int4}'::regtype[]";

    /** Owned by a superuser, without roles.sql: a lesser owner would not even see what lies in a caller's schemas. */
    private final TestDatabase database = Scene.installed(SecureServer.server(), SecureServer.GRACE_MS);

    private final TestRole role = database.createRole();
    private final List<String> sessions = List.of(
            UUID.randomUUID().toString(),
            UUID.randomUUID().toString(),
            UUID.randomUUID().toString());
    private final Map<String, Integer> succeeded = new TreeMap<>();

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    @BeforeEach
    void setTraps() throws SQLException {
        database.execute("GRANT CREATE, TEMPORARY ON DATABASE " + database.name() + " TO " + role.name());
        admin = new Caller(database.address());
        grant();
        for (String name : Nonsense.numbered("f", 6)) { // an operator is not asked about rows that are not there
            admin.execute("INSERT INTO latchkey._lock (name, token, granted_at) VALUES ('" + name + "', 0, now())");
        }
        try (Caller attacker = new Caller(database.address().withUser(role))) {
            setTraps(attacker);
        }
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        database.close();
    }

    private void grant() throws SQLException {
        admin.ask("SELECT latchkey.grant_to(?)", role.name());
    }

    private void setTraps(Caller attacker) throws SQLException {
        attacker.execute("""
                CREATE SCHEMA evil;
                GRANT USAGE ON SCHEMA evil TO PUBLIC;
                CREATE FUNCTION evil.spy() RETURNS boolean LANGUAGE plpgsql AS $$
                BEGIN
                    IF pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on' OR current_user OPERATOR(pg_catalog.<>) '%1$s' THEN
                        RAISE EXCEPTION 'ran as %%', current_user USING ERRCODE = '%2$s';
                    END IF;
                    RETURN true;
                END $$;
                """.formatted(role.name(), TRAPPED));
        for (String trap : attacker.rows("""
                SELECT format('CREATE FUNCTION evil.%%I(a %%s, b %%s) RETURNS %%s LANGUAGE plpgsql AS $f$ BEGIN PERFORM evil.spy(); RETURN NULL; END $f$;'
                              ' CREATE OPERATOR evil.%%s (FUNCTION = evil.%%I, LEFTARG = %%s, RIGHTARG = %%s)',
                              'op' || o.oid, l, r, o.oprresult::regtype, o.oprname, 'op' || o.oid, l, r)
                  FROM pg_operator o, LATERAL (SELECT o.oprleft::regtype AS l, o.oprright::regtype AS r) t
                 WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '||', '~')
                   AND l = ANY (%1$s) AND r = ANY (%1$s)
                 UNION ALL
                SELECT format('CREATE FUNCTION evil.%%I(%%s) RETURNS %%s%%s LANGUAGE plpgsql AS $f$ BEGIN PERFORM evil.spy(); RETURN%%s; END $f$',
                              p.proname, coalesce((SELECT string_agg(replace(replace(t::regtype::text, 'anyarray', e || '[]'), 'anyelement', e), ', ' ORDER BY n)
                                                     FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY u (t, n)), ''),
                              CASE WHEN p.proretset THEN 'SETOF ' ELSE '' END,
                              replace(replace(p.prorettype::regtype::text, 'anyarray', e || '[]'), 'anyelement', e),
                              CASE WHEN p.proretset OR p.prorettype = 'void'::regtype THEN '' ELSE ' NULL' END)
                  FROM pg_proc p, unnest('{text,bigint,integer}'::text[]) e
                 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provariadic = 0
                   AND (e = 'text' OR 'anyarray'::regtype = ANY (p.proargtypes::oid[]) OR 'anyelement'::regtype = ANY (p.proargtypes::oid[]))
                   AND EXISTS (SELECT FROM pg_proc own WHERE own.pronamespace = to_regnamespace('latchkey') AND own.prosrc ~ ('\\m' || p.proname || '\\s*\\('))
                   AND NOT EXISTS (SELECT FROM unnest(p.proargtypes::oid[] || p.prorettype) t JOIN pg_type y ON y.oid = t
                                    WHERE y.typtype = 'p' AND y.typname NOT IN ('anyarray', 'anyelement', 'void'))
                """.replace("%%", "%").replace("%1$s", TYPES))) {
            attacker.execute(trap);
        }
    }

    /** Somebody new, so that nothing is planned yet. */
    private Caller attacker() throws SQLException {
        Caller attacker = new Caller(database.address().withUser(role));
        // pg_class is for all to read: this needs no right on the tables.
        for (String trap : attacker.rows("""
                SELECT format('CREATE TEMP VIEW %I AS SELECT %s WHERE evil.spy()', c.relname,
                              string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', ' ORDER BY a.attnum))
                  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'latchkey') AND c.relkind IN ('r', 'v')
                 GROUP BY c.relname
                 UNION ALL
                SELECT format('CREATE DOMAIN pg_temp.%I AS pg_catalog.%I CHECK (evil.spy())', t, t)
                  FROM unnest('{text,int8,int4,uuid,timestamptz,interval,bool,float8,xid}'::text[]) t
                 UNION ALL SELECT 'CREATE DOMAIN pg_temp.anything AS pg_catalog.text CHECK (evil.spy())'
                 UNION ALL SELECT 'CREATE TYPE pg_temp.record AS (a pg_temp.anything, b pg_temp.anything, c pg_temp.anything, d pg_temp.anything)'
                 UNION ALL SELECT 'CREATE TYPE pg_temp.reply AS (outcome pg_temp.anything)'
                """)) {
            attacker.execute(trap);
        }
        for (String session : sessions) {
            attacker.ask("SELECT latchkey.open_session('attacker', 600000, NULL, ?::uuid)", session);
        }
        attacker.execute("SET search_path = evil, pg_temp, pg_catalog");
        return attacker;
    }

    /** The calls on which a trap reported, or none. First the short cuts, as they are meant to be used; then whatever comes. */
    private List<String> attack(Caller attacker, Nonsense nonsense, int calls) throws SQLException {
        try {
            for (int i = 0; i < 2; i++) { // of a new lock, and of a known one
                useShortCuts(attacker);
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo(TRAPPED);
            return List.of(String.valueOf(e.getMessage()));
        }
        for (int i = 0; i < calls; i++) {
            if (i % 50 == 0) {
                nonsense.tokensAre(admin.rows("SELECT fencing_token FROM latchkey.locks ORDER BY random()"));
            }
            String call = nonsense.next();
            String state = attacker.stateOf(call.replace("::text", "::pg_catalog.text")
                    .replace("::uuid", "::pg_catalog.uuid")
                    .replace("+", "OPERATOR(pg_catalog.+)"));
            if (state.equals(TRAPPED)) {
                return List.of(call);
            } else if (state.equals(Caller.FINE)) {
                succeeded.merge(Nonsense.functionOf(call), 1, Integer::sum);
            }
        }
        return List.of();
    }

    private void useShortCuts(Caller attacker) throws SQLException {
        String session = "'" + sessions.get(0) + "'";
        for (String[] pair : new String[][] {
            {"acquire_lock(%s, 'g', 1, false)", "release_lock(%s, 'g', %s)"},
            {"acquire_lock(%s, 'g', 1, false)", "release_wanted(%s, 'g', %s)"},
            {"acquire_shared(%s, 'g', 2, false)", "release_shared(%s, 'g', %s)"},
            {"acquire_shared(%s, 'h', 3, false, 1, 2)", "release_shared(%s, 'h', %s)"},
            {"acquire_timed(%s, 'g', 4, false, 60000, 0, 'a')", "release_timed(%3$s'g', %2$s, 4)"},
        }) {
            String token = attacker.ask("SELECT (q.r).token FROM (SELECT latchkey." + pair[0].formatted(session)
                    + "::latchkey.reply AS r) q");
            attacker.ask("SELECT latchkey." + pair[1].formatted(session, token, ""));
        }
        attacker.ask(
                "SELECT latchkey.run_batch(" + session + ", '{try,withdraw,read,withdraw}', '{i,i,j,j}', '{5,5,6,6}')");
    }

    private Nonsense calls(String functions) throws SQLException {
        return new Nonsense(
                8,
                admin,
                "p.prosecdef AND has_function_privilege('" + role.name() + "', p.oid, 'EXECUTE') AND " + functions,
                sessions,
                Nonsense.numbered("f", 6));
    }

    @Test
    void everyFunctionWithItsOwnersRights_stepsOnNoTrap() throws SQLException {
        Nonsense nonsense = calls("true");
        try (Caller attacker = attacker()) {
            assertThat(
                            attacker.ask(
                                    "SELECT count(*) FROM pg_catalog.pg_operator o WHERE o.oprname OPERATOR(pg_catalog.=) '='"
                                            + " AND o.oprnamespace::pg_catalog.regnamespace::pg_catalog.text OPERATOR(pg_catalog.=) 'evil'"))
                    .as("traps are set")
                    .isGreaterThan("10");
            assertThat(attack(attacker, nonsense, 4_000)).isEmpty();
        }
        assertThat(succeeded.keySet())
                .as("each did its work under attack")
                .containsAll(nonsense.functions().stream()
                        .filter(f -> !f.matches("schedule_reaper|resume_session"))
                        .toList());
    }

    /** One name without its schema, in each of the functions that have no search_path of their own: each is noticed. */
    @Test
    void functionWithoutSearchPath_thatLeavesOutOneSchema_isNoticed() throws SQLException {
        List<String> unset =
                admin.rows("SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace"
                        + " AND p.prosecdef AND p.proconfig IS NULL ORDER BY 1");
        assertThat(unset).hasSizeGreaterThanOrEqualTo(7);
        for (String function : unset) {
            String original = admin.ask(
                    "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
                            + " WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname = ?",
                    function);
            admin.execute(original.replaceFirst("OPERATOR\\(pg_catalog\\.=\\)", "="));
            try (Caller attacker = attacker()) {
                assertThat(attack(attacker, calls("p.proname ~ '^(acquire|release|open|close|run_batch)'"), 6_000))
                        .as("%s with one = without its schema", function)
                        .isNotEmpty();
            }
            admin.execute(original);
        }
    }

    /** A function that somebody adds tomorrow, and forgets the search_path. */
    @Test
    void newFunction_withoutSearchPath_isNoticed() throws SQLException {
        for (String body : new String[] {
            "SELECT count(*) FROM latchkey._lock WHERE name = p_name",
            "SELECT octet_length(p_name)::bigint",
            "SELECT count(*) FROM _lock",
            "SELECT pg_catalog.count(*) FROM latchkey._lock WHERE p_name::text IS NULL"
        }) {
            admin.execute(
                    "CREATE FUNCTION latchkey.count_locks(p_name text) RETURNS bigint LANGUAGE sql SECURITY DEFINER"
                            + (body.contains(" _lock") ? " SET search_path = pg_temp, latchkey" : "") + " AS $$ " + body
                            + " $$");
            grant();
            try (Caller attacker = attacker()) {
                assertThat(attack(attacker, calls("p.proname = 'count_locks'"), 5))
                        .as(body)
                        .isNotEmpty();
            }
            admin.execute("DROP FUNCTION latchkey.count_locks(text)");
        }
    }
}
