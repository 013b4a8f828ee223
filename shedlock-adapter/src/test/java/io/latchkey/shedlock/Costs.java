package io.latchkey.shedlock;

import static org.awaitility.Awaitility.await;

import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;

/** What some work costs a server on which nothing else happens, by its own statistics. */
record Costs(double walBytes, double transactions) {
    /** Something that opens its connections, works, and closes them: a backend's last act is to tell its statistics. */
    @FunctionalInterface
    interface Work {
        void run(int times) throws Exception;
    }

    /** What each time costs, without what it costs to begin. */
    static Costs each(CrashableServer server, TestDatabase database, int times, Work work) throws Exception {
        Costs none = all(server, database, 0, work);
        Costs all = all(server, database, times, work);
        return new Costs((all.walBytes - none.walBytes) / times, (all.transactions - none.transactions) / times);
    }

    private static Costs all(CrashableServer server, TestDatabase database, int times, Work work) throws Exception {
        try (Connection watch = server.address().connect()) {
            Costs before = now(watch, database);
            work.run(times);
            Costs after = now(watch, database);
            return new Costs(after.walBytes - before.walBytes, after.transactions - before.transactions);
        }
    }

    private static Costs now(Connection watch, TestDatabase database) throws SQLException {
        await().atMost(Duration.ofSeconds(20))
                .until(() ->
                        ask(watch, "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database.name() + "'")
                                == 0);
        return new Costs(
                ask(watch, "SELECT wal_bytes FROM pg_stat_wal"),
                ask(
                        watch,
                        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '" + database.name()
                                + "'"));
    }

    private static double ask(Connection watch, String sql) throws SQLException {
        return Double.parseDouble(LockRows.ask(watch, sql));
    }
}
