package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A test of the server side, on the oldest and the newest PostgreSQL. A safety test has a twin that takes its guard out
 * with {@link #sabotage} and sees the bad thing happen.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@ValueSource(ints = {15, 18})
abstract class SqlTest {
    static final int MINUTE = 60_000;

    @Parameter
    int major;

    @SuppressWarnings("NullAway.Init")
    TestDatabase database;

    /** The owner of the schema: looks at tables, moves ends of leases, watches others wait. */
    @SuppressWarnings("NullAway.Init")
    Party admin;

    private final Deque<Party> parties = new ArrayDeque<>();
    private final Deque<String> originals = new ArrayDeque<>();

    @BeforeEach
    final void prepare() {
        database = SqlDatabase.fresh(major);
        admin = connect();
    }

    @AfterEach
    final void cleanUp() throws SQLException {
        while (parties.size() > 1) { // open transactions end before the functions are repaired
            parties.pop().close();
        }
        while (!originals.isEmpty()) {
            admin.execute(originals.pop());
        }
        parties.pop().close();
    }

    /** A connection without a session. */
    final Party connect() {
        Party party = new Party(database.address());
        parties.push(party);
        return party;
    }

    /** A connection as another role. */
    final Party connect(TestRole role) {
        Party party = new Party(database.address().withUser(role));
        parties.push(party);
        return party;
    }

    /** A client with a session that does not expire by itself during a test. */
    final Party client(String holder) throws SQLException {
        return connect().open(holder, 15_000);
    }

    /** Replaces a part of a function, which must be there, until the test ends. */
    final void sabotage(String function, String guard, String replacement) throws SQLException {
        String original = admin.ask(
                "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
                        + " WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname = ?",
                function);
        assertThat(original).as("latchkey.%s", function).contains(guard);
        originals.push(original);
        admin.execute(original.replace(guard, replacement));
    }

    /** Lets a session's time be up, as if it had not renewed for long. */
    final void expire(Party party) throws SQLException {
        admin.ask(
                "WITH u AS (UPDATE latchkey._session SET expires_at = clock_timestamp() - interval '1 ms' WHERE id = ? RETURNING 1)"
                        + " SELECT count(*) FROM u",
                party.session);
    }

    /** The public name of the holder, "none" if nobody holds it. */
    final String holder(String name) throws SQLException {
        return admin.ask("SELECT holder FROM latchkey.locks WHERE name = ?", name);
    }

    /** The public names of all holders, in order. */
    final String holders(String name) throws SQLException {
        return admin.ask("SELECT string_agg(holder, ' ' ORDER BY holder) FROM latchkey.locks WHERE name = ?", name);
    }

    final long count(String from) throws SQLException {
        return Long.parseLong(admin.ask("SELECT count(*) FROM " + from));
    }

    /** What a crash of the server leaves: unlogged tables are empty. */
    final void loseUnloggedData() throws SQLException {
        admin.execute(
                "TRUNCATE latchkey._incarnation, latchkey._session, latchkey._waiter, latchkey._share, latchkey._reaper,"
                        + " latchkey._candidate, latchkey._watch RESTART IDENTITY");
    }

    final void endGracePeriod() throws SQLException {
        admin.execute("UPDATE latchkey._incarnation SET granting_from = clock_timestamp()");
    }
}
