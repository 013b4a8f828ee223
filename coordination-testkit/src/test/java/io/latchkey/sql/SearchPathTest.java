package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.testkit.TestRole;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/**
 * The functions run with their owner's rights. Those without a search_path of their own must not look up a name, an operator
 * or a type where a caller can put one.
 */
final class SearchPathTest extends SqlTest {
    /** An application that may use Latchkey, and create objects of its own. */
    private Party attacker() throws SQLException {
        TestRole role = database.createRole();
        admin.ask("SELECT latchkey.grant_to(?)", role.name());
        admin.execute("GRANT CREATE, TEMPORARY ON DATABASE " + database.name() + " TO " + role.name());
        Party attacker = connect(role);
        attacker.execute("CREATE SCHEMA evil_" + role.name());
        attacker.execute("CREATE TEMP TABLE stolen (what text)");
        attacker.execute("""
                CREATE FUNCTION evil_%1$s.spy() RETURNS boolean LANGUAGE plpgsql AS
                $$ BEGIN
                       IF current_user <> '%1$s' THEN
                           RAISE EXCEPTION 'ran as %%', current_user USING ERRCODE = 'LKXXX';
                       END IF;
                       RETURN true;
                END $$;
                """.formatted(role.name()));
        attacker.execute("SET search_path = evil_" + role.name() + ", pg_catalog");
        return attacker.open("attacker", 15_000);
    }

    /** The whole life of a lock through the functions that have no search_path of their own, short and long way. */
    private void useLocks(Party party) throws SQLException {
        assertThat(party.release("w", party.tryAcquire("w", 5).granted())).isEqualTo("released");
        long token = party.tryAcquire("x", 1).granted();
        assertThat(party.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(party.release("x", token)).isEqualTo("handed_over");
        String next = party.ask("SELECT token FROM latchkey.audit_session(?)", party.session);
        assertThat(party.batch(
                        party.texts("release", "try", "acquire", "withdraw"),
                        party.texts("x", "y", "z", "z"),
                        party.numbers(Long.valueOf(next), 3L, 4L, 4L)))
                .isEqualTo("released granted granted released");
        assertThat(party.uncontended("w")).isNotEqualTo("{NULL}");
        assertThat(party.releaseWanted("w2", party.tryAcquire("w2", 5).granted()))
                .isEqualTo("released");
        useTimedLeases(party);
        useShares(party);
    }

    private void useShares(Party party) throws SQLException {
        party.release("r", party.tryAcquire("r", 10).granted());
        long one = party.tryRead("r", 11).granted();
        assertThat(party.acquire("r", 12).outcome()).isEqualTo("queued");
        assertThat(party.read("r", 13).outcome()).isEqualTo("queued");
        assertThat(party.giveBack("r", one)).isEqualTo("handed_over");
        long permit = party.tryPermits("s", 14, 1, 3).granted();
        assertThat(party.permits("s", 15, 2, 4).granted()).isGreaterThan(permit);
        assertThat(party.giveBack("s", permit)).isEqualTo("released");
        long write = party.tryAcquire("t", 16).granted();
        assertThat(party.batch(
                        party.texts("give_back", "downgrade 17", "read", "try_read", "try_permits 1/3", "permits 1/3"),
                        party.texts("r", "t", "u", "u", "v", "v"),
                        party.numbers(22L, write, 18L, 19L, 20L, 21L)))
                .isEqualTo("not_held granted granted granted granted granted");
    }

    private void useTimedLeases(Party party) throws SQLException {
        for (long least : new long[] {0, 100}) {
            String name = "timed " + least;
            long timed = party.acquireTimed(name, 6, false, MINUTE, least).granted();
            assertThat(party.acquireTimed(name, 7, false, MINUTE, least).outcome())
                    .isEqualTo("held");
            assertThat(party.releaseTimed(name, timed, 6)).isEqualTo("released");
            assertThat(party.releaseTimed(name, timed, 6)).isEqualTo("not_held");
        }
        party.acquireTimed("timed 0", 8, false, MINUTE, 0).granted();
    }

    @Test
    void operatorsOfTheCaller_areNotUsed() throws SQLException {
        useLocks(attackerWithOperators());
    }

    @Test
    void operatorsOfTheCaller_areUsedWhereTheSchemaIsLeftOut() throws SQLException {
        sabotage("release_lock", "l.token OPERATOR(pg_catalog.=) p_token", "l.token = p_token");
        Party attacker = attackerWithOperators();
        assertThatThrownBy(() -> useLocks(attacker)).hasMessageContaining("ran as postgres");
    }

    @Test
    void operatorsOfTheCaller_areUsedWhereTheSchemaIsLeftOut_inShares() throws SQLException {
        sabotage("release_shared", "l.first_token OPERATOR(pg_catalog.=) p_token", "l.first_token = p_token");
        Party attacker = attackerWithOperators();
        assertThatThrownBy(() -> useLocks(attacker)).hasMessageContaining("ran as postgres");
    }

    private Party attackerWithOperators() throws SQLException {
        Party attacker = attacker();
        for (String type : new String[] {
            "text", "bigint", "integer", "uuid", "timestamptz", "xid", "tid", "boolean", "double precision"
        }) {
            String function = "spy_" + type.replace(' ', '_');
            attacker.execute("CREATE FUNCTION " + function + "(" + type + ", " + type + ") RETURNS boolean LANGUAGE sql"
                    + " AS $$ SELECT spy() $$");
            for (String operator : new String[] {"=", "<>", "<", "<=", ">", ">="}) {
                attacker.execute("CREATE OPERATOR " + operator + " (FUNCTION = " + function + ", LEFTARG = " + type
                        + ", RIGHTARG = " + type + ")");
            }
        }
        return attacker;
    }

    @Test
    void functionsOfTheCaller_areNotUsed() throws SQLException {
        Party attacker = attacker();
        attacker.execute(
                "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT now() WHERE spy() $$");
        attacker.execute(
                "CREATE FUNCTION unnest(text[]) RETURNS SETOF text LANGUAGE sql AS $$ SELECT 'a'::text WHERE spy() $$");
        String path = attacker.ask("SHOW search_path");
        attacker.execute("SET search_path = " + path.replace(", pg_catalog", "") + ", pg_catalog");
        useLocks(attacker);
    }

    @Test
    void typesOfTheCaller_areNotUsed() throws SQLException {
        useLocks(attackerWithTypes());
    }

    @Test
    void typesOfTheCaller_areUsedWhereTheSchemaIsLeftOut() throws SQLException {
        sabotage("acquire_lock", "::pg_catalog.text", "::text");
        Party attacker = attackerWithTypes();
        assertThatThrownBy(() -> useLocks(attacker)).hasMessageContaining("ran as postgres");
    }

    private Party attackerWithTypes() throws SQLException {
        Party attacker = attacker();
        String schema = attacker.ask("SELECT current_schema()");
        for (String type : new String[] {"text", "uuid", "timestamptz"}) {
            attacker.execute(
                    "CREATE DOMAIN pg_temp." + type + " AS pg_catalog." + type + " CHECK (" + schema + ".spy())");
        }
        attacker.execute("CREATE DOMAIN pg_temp.anything AS pg_catalog.text CHECK (" + schema + ".spy())");
        attacker.execute("CREATE TYPE pg_temp.record AS (a pg_temp.anything, b pg_temp.anything, c int, d int)");
        return attacker;
    }
}
