package io.latchkey.chaos.faults;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** The schema changes under clients that work with it. */
final class SchemaFaults {
    private static final int TRIES = 100;
    private static final String LOCK_TIMEOUT = "55P03";
    private static final String DEADLOCK = "40P01";

    private static final String FUNCTIONS = """
            DO $$
            DECLARE
                v_definition text;
            BEGIN
                FOR v_definition IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace LOOP
                    EXECUTE v_definition;
                END LOOP;
            END $$;""";

    /** What a migration of a later release may do; with a lock time-out, so that it is the one that gives up. */
    private static final String NEXT_VERSION = """
            BEGIN;
            SET LOCAL lock_timeout = '300ms';
            DO $$
            DECLARE
                v_next integer := (SELECT max(version) + 1 FROM latchkey._schema_version);
            BEGIN
                EXECUTE format('ALTER TABLE latchkey._lock ADD COLUMN remark_%s text', v_next);
                EXECUTE format('ALTER TABLE latchkey._session ADD COLUMN region_%s text NOT NULL DEFAULT %L', v_next, 'here');
                EXECUTE format('ALTER TABLE latchkey._waiter ADD COLUMN priority_%s integer NOT NULL DEFAULT 0', v_next);
                EXECUTE format('CREATE TABLE latchkey._history_%s (name text COLLATE "C", token bigint)', v_next);
                INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES (v_next, 1, 'what comes next');
            END $$;
            """ + FUNCTIONS + " COMMIT;";

    private SchemaFaults() {}

    static List<FaultKind> all() {
        return List.of(
                new FaultKind("functions-replaced", SchemaFaults::functionsReplaced),
                new FaultKind("schema-upgraded", SchemaFaults::upgraded));
    }

    /** What connections have planned and cached is void. */
    private static Fault functionsReplaced(World world, SplittableRandom random) {
        return trouble(
                "functions-replaced",
                "all functions are created anew",
                w -> w.cluster().execute(FUNCTIONS));
    }

    /** The workers are old clients from now on; those that start later meet a schema that is newer than they are. */
    private static Fault upgraded(World world, SplittableRandom random) {
        return trouble("schema-upgraded", "the schema of the next version is installed", w -> {
            try (Connection connection = w.cluster().connect();
                    Statement statement = connection.createStatement()) {
                upgrade(statement);
            }
        });
    }

    private static void upgrade(Statement statement) throws SQLException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            try {
                statement.execute(NEXT_VERSION);
                return;
            } catch (SQLException e) {
                statement.execute("ROLLBACK");
                if (attempt == TRIES || !List.of(LOCK_TIMEOUT, DEADLOCK).contains(e.getSQLState())) {
                    throw e;
                }
                Thread.sleep(50);
            }
        }
    }

    private static Fault trouble(String name, String what, Trouble.Action inject) {
        return new Trouble(name, what, Set.of(ServerFaults.SERVER), 0, inject, w -> {});
    }
}
