package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Latchkey;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A hundred thousand calls that make some sense or none, by an application's role, seeded: {@code -Dlatchkey.fuzz.seed=} for other
 * ones, {@code -Dlatchkey.fuzz.cases=} for more. Five hundred calls go in one statement, each in a subtransaction of its own.
 */
@Timeout(600)
final class FuzzTest {
    private static final long SEED = Long.getLong("latchkey.fuzz.seed", 20_260_801);
    private static final int CASES = Integer.getInteger("latchkey.fuzz.cases", 90_000);
    private static final int BATCH = 500;
    /** What a call may end with: it worked, an error of ours, or a value that is none of its type. */
    private static final Pattern EXPECTED = Pattern.compile("00000|LK0..|22...");
    /** Settings that any role may change for itself. */
    private static final List<String> SETTINGS = List.of(
            "transform_null_equals = on",
            "array_nulls = off",
            "standard_conforming_strings = off",
            "extra_float_digits = -15",
            "intervalstyle = 'sql_standard'",
            "datestyle = 'ISO, DMY'",
            "timezone = 'Pacific/Apia'",
            "synchronous_commit = off",
            "plan_cache_mode = force_generic_plan",
            "enable_indexscan = off",
            "quote_all_identifiers = on",
            "latchkey.quiet = 'on'");

    private final TestDatabase database = SecureServer.installed();
    private final TestRole role = SecureServer.member(database, "latchkey_client");
    private final List<String> sessions = new ArrayList<>();
    private final Map<String, Integer> outcomes = new TreeMap<>();

    @SuppressWarnings("NullAway.Init")
    private Caller admin;

    @SuppressWarnings("NullAway.Init")
    private Caller attacker;

    @BeforeEach
    void connect() throws SQLException {
        database.execute("GRANT CREATE ON DATABASE " + database.name() + " TO " + role.name());
        admin = new Caller(database.address());
        attacker = new Caller(database.address().withUser(role));
        attacker.execute("""
                CREATE SCHEMA fuzz;
                CREATE FUNCTION fuzz.run(p_calls text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
                DECLARE
                    v_call    text;
                    v_message text;
                    v_detail  text;
                    v_hint    text;
                    v_context text;
                BEGIN
                    FOREACH v_call IN ARRAY p_calls LOOP
                        BEGIN
                            EXECUTE v_call;
                            RETURN NEXT '00000';
                        EXCEPTION WHEN OTHERS THEN
                            GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL, v_hint = PG_EXCEPTION_HINT,
                                                    v_context = PG_EXCEPTION_CONTEXT;
                            RETURN NEXT concat_ws(E'\\n', SQLSTATE, v_message, v_detail, v_hint, replace(v_context, v_call, '(the call)'));
                        END;
                    END LOOP;
                END $$""");
        for (int i = 0; i < 5; i++) {
            String session = UUID.randomUUID().toString();
            sessions.add(session);
            open(session);
        }
    }

    @AfterEach
    void close() throws SQLException {
        admin.close();
        attacker.close();
        database.close();
    }

    private void open(String session) throws SQLException {
        attacker.ask("SELECT latchkey.open_session('fuzz', 3600000, NULL, ?::uuid)", session);
    }

    @Test
    void everyFunction_withWhateverArguments_failsInKnownWaysOnly_andLeavesOthersAlone() throws SQLException {
        Caller victim = new Caller(database.address()).open("victim");
        Caller waiter = new Caller(database.address()).open("waiter");
        long exclusive = victim("latchkey.acquire_lock(?, 'v0', 7001, false)", victim);
        long shared = victim("latchkey.acquire_shared(?, 'v1', 7002, false)", victim);
        victim("latchkey.acquire_shared(?, 'v2', 7003, false, 2, 3)", victim);
        long timed = victim("latchkey.acquire_timed(?, 'v3', 7004, false, 3600000, 0, 'victim')", victim);
        waiter.ask("SELECT latchkey.acquire_lock(?, 'v0', 7005, true)", waiter.session);
        String before = leasesOfOthers();
        List<String> locks = new ArrayList<>(Nonsense.numbered("f", 10));
        locks.addAll(Nonsense.numbered("v", 4));
        Nonsense nonsense = new Nonsense(
                SEED, admin, "has_function_privilege('" + role.name() + "', p.oid, 'EXECUTE')", sessions, locks);
        run(nonsense, CASES, before);
        assertThat(outcomes.keySet())
                .as("functions that succeeded at least once, of %s", outcomes)
                .containsAll(nonsense.functions().stream()
                        .filter(function -> !function.matches("(un)?schedule_reaper|resume_session"))
                        .map(function -> function + " 00000")
                        .toList());
        for (String fence : new String[] {"'v0', " + exclusive, "'v1', " + shared, "'v3', " + timed}) {
            victim.ask("SELECT latchkey.fence(" + fence + ")");
        }
        // The rest of the queue is the attacker's own: it came later, and is served later.
        assertThat(victim.ask(
                        "SELECT (latchkey.release_lock(?, 'v0', ?)::latchkey.reply).outcome",
                        victim.session,
                        exclusive))
                .isEqualTo("handed_over");
        assertThat(admin.ask("SELECT holder FROM latchkey.locks WHERE name = 'v0'"))
                .isEqualTo("waiter");
        victim.close();
        waiter.close();
    }

    /** Through the client: what is a name arrives as it is, byte by byte, and what is none is refused before it is sent. */
    @Test
    void names_ofWhateverCharacters_areTheirOwnLocks_orRefused() throws SQLException {
        Random random = new Random(SEED);
        Map<String, Long> taken = new HashMap<>();
        int refused = 0;
        try (Latchkey client = Scene.client(database.url(), "names", 60_000).connect()) {
            for (int i = 0; i < 3_000; i++) {
                String name = name(random);
                if (isName(name)) {
                    client.lock(name)
                            .tryAcquire()
                            .ifPresentOrElse(
                                    lease -> assertThat(taken.put(name, lease.fencingToken()))
                                            .as(name)
                                            .isNull(),
                                    () -> assertThat(taken).containsKey(name));
                } else {
                    refused++;
                    assertThatThrownBy(() -> client.lock(name)).isInstanceOf(IllegalArgumentException.class);
                }
            }
            Map<String, Long> found = new HashMap<>();
            for (String row :
                    admin.rows("SELECT fencing_token || ' ' || name FROM latchkey.locks WHERE holder = 'names'")) {
                int space = row.indexOf(' ');
                found.put(row.substring(space + 1), Long.valueOf(row.substring(0, space)));
            }
            assertThat(found).isEqualTo(taken);
        }
        assertThat(taken).hasSizeGreaterThan(500);
        assertThat(refused).isGreaterThan(100);
    }

    private static String name(Random random) {
        int length = random.nextInt(20) == 0 ? random.nextInt(600) : random.nextInt(4);
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < length; i++) {
            switch (random.nextInt(10)) {
                case 0 -> name.append((char) random.nextInt(0x10000)); // perhaps half of a pair
                case 1 -> name.appendCodePoint(0x10000 + random.nextInt(0x100000));
                case 2 -> name.append((char) random.nextInt(32));
                default -> name.append((char) (32 + random.nextInt(0x300)));
            }
        }
        return name.toString();
    }

    private static boolean isName(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        return bytes >= 1
                && bytes <= 512
                && text.indexOf(0) < 0
                && text.codePoints().noneMatch(point -> point >= 0xD800 && point <= 0xDFFF);
    }

    /** After a crash a session brings its leases back; whoever may do that is trusted with what it names. */
    @Test
    void resuming_withWhateverArguments_failsInKnownWaysOnly() throws SQLException {
        Scene.loseUnlogged(database);
        admin.execute("UPDATE latchkey._setting SET grace_ms = 3600000");
        Nonsense nonsense = new Nonsense(
                SEED + 1,
                admin,
                "p.proname IN ('resume_session', 'acquire_lock', 'acquire_shared', 'release_lock', 'release_shared', 'renew_session',"
                        + " 'acquire_timed', 'downgrade_lock', 'withdraw_request', 'run_batch', 'run_uncontended', 'reap', 'set_permits')",
                sessions,
                Nonsense.numbered("f", 10));
        run(nonsense, CASES / 9, leasesOfOthers());
        admin.execute("UPDATE latchkey._incarnation SET granting_from = clock_timestamp()");
        admin.execute("UPDATE latchkey._session SET granting_from = clock_timestamp()");
        run(nonsense, CASES / 90, leasesOfOthers());
        assertThat(outcomes).containsKey("resume_session 00000");
        assertThat(admin.ask("SELECT count(*) FROM latchkey._lock WHERE token > 0"))
                .isNotEqualTo("0");
    }

    private void run(Nonsense nonsense, int cases, String others) throws SQLException {
        Random random = new Random(SEED);
        Invariants invariants = new Invariants(admin);
        String incarnation = admin.ask("SELECT id FROM latchkey._incarnation");
        for (int done = 0; done < cases; done += BATCH) {
            String[] calls = new String[Math.min(BATCH, cases - done)];
            nonsense.tokensAre(attacker.rows("SELECT token FROM (SELECT fencing_token AS token FROM latchkey.locks"
                    + " ORDER BY random()) t LIMIT 200"));
            for (int i = 0; i < calls.length; i++) {
                calls[i] = nonsense.next();
            }
            attacker.execute("RESET ALL");
            attacker.execute("SET " + SETTINGS.get(random.nextInt(SETTINGS.size())));
            List<String> results = attacker.rows(
                    "SELECT * FROM fuzz.run(?)", attacker.connection().createArrayOf("text", calls));
            assertThat(results).hasSize(calls.length);
            for (int i = 0; i < calls.length; i++) {
                judge(calls[i], results.get(i));
            }
            for (String session : sessions) { // those that were closed
                open(session);
            }
            invariants.check("seed " + SEED + ", after " + (done + calls.length) + " calls");
            assertThat(leasesOfOthers()).as("leases of other sessions").isEqualTo(others);
        }
        if (incarnation.equals("none")) {
            return;
        }
        assertThat(admin.ask("SELECT id FROM latchkey._incarnation"))
                .as("no crash of the server")
                .isEqualTo(incarnation);
    }

    private void judge(String call, String result) {
        String state = result.substring(0, 5);
        outcomes.merge(Nonsense.functionOf(call) + " " + state, 1, Integer::sum);
        assertThat(state).as("%s%n%s", call, result).matches(EXPECTED);
        assertThat(sessions).as("%s%n%s", call, result).noneMatch(result::contains);
    }

    private long victim(String call, Caller caller) throws SQLException {
        return Long.parseLong(
                caller.ask("SELECT (r).token FROM (SELECT " + call + "::latchkey.reply AS r) q", caller.session));
    }

    /** But for the number of permits of a semaphore, which any application may change. */
    private String leasesOfOthers() throws SQLException {
        return admin.rows("""
                SELECT concat_ws(' ', l.name, l.token, l.session, l.request, l.expires_at) FROM latchkey._lock l WHERE l.name IN ('v0', 'v3')
                 UNION ALL SELECT concat_ws(' ', h.*::text) FROM latchkey._shares h WHERE h.request BETWEEN 7000 AND 7100
                 UNION ALL SELECT concat_ws(' ', w.*::text) FROM latchkey._waiter w WHERE w.request BETWEEN 7000 AND 7100
                 UNION ALL SELECT concat_ws(' ', s.id, s.expires_at) FROM latchkey._session s WHERE s.holder IN ('victim', 'waiter')
                 ORDER BY 1""").toString();
    }
}
