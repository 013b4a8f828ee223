package io.latchkey.sql;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.HashMap;
import java.util.Map;

/** One server per major version, and on it one database with the schema, for all tests of the SQL layer in this JVM. */
final class SqlDatabase {
    private static final Map<Integer, TestDatabase> BY_MAJOR = new HashMap<>();

    private SqlDatabase() {}

    /** The database on this version, as after the installation. */
    static synchronized TestDatabase fresh(int major) {
        TestDatabase database = BY_MAJOR.computeIfAbsent(major, SqlDatabase::create);
        database.execute("""
                TRUNCATE latchkey._lock, latchkey._session, latchkey._waiter, latchkey._share, latchkey._reaper, latchkey._incarnation,
                         latchkey._candidate, latchkey._watch
                    RESTART IDENTITY;
                INSERT INTO latchkey._incarnation (id, granting_from)
                VALUES (trunc(random() * 9007199254740992)::bigint, clock_timestamp());
                UPDATE latchkey._setting SET grace_ms = DEFAULT, token_floor = DEFAULT, idle_after = DEFAULT;
                """);
        return database;
    }

    private static TestDatabase create(int major) {
        CrashableServer server = PostgresServer.start(ServerOptions.defaults()
                .major(major)
                .setting("autovacuum", "off") // it writes WAL, and some tests count bytes of it
                .setting("deadlock_timeout", "200ms"));
        TestDatabase database = server.database();
        Migrations.install(database.address());
        return database;
    }
}
