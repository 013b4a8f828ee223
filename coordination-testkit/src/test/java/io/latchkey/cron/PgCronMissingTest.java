package io.latchkey.cron;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.Reaper;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PgCronServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** pg_cron is on the disk, and something is missing still. */
@Timeout(60)
final class PgCronMissingTest {
    private static void assertObstacle(DatabaseAddress where, String state, String... parts) {
        assertThatThrownBy(() ->
                        Latchkey.builder(where.url()).reaper(Reaper.PG_CRON).connect())
                .isInstanceOfSatisfying(
                        CoordinationException.class,
                        e -> assertThat(e.sqlState()).isEqualTo(state))
                .hasMessageContaining("pg_cron cannot run the reaper at 127.0.0.1:")
                .hasMessageContainingAll(parts);
        try (Latchkey client = client(where.url(), "auto", 1_000).connect()) {
            assertThat(client.reaperStatus().obstacle()).contains(parts);
        }
    }

    @Test
    void notLoaded_namesTheSetting_evenIfItsOthersAreSet() {
        try (CrashableServer server = PostgresServer.start(PgCronServer.options(PgCronServer.SECONDS)
                .setting("shared_preload_libraries", "")
                .setting("cron.database_name", "postgres"))) {
            assertObstacle(server.address(), "LK011", "shared_preload_libraries = 'pg_cron'", "restart");
        }
    }

    @Test
    void notCreated_namesTheStatement_andToOneWhoMayNotReadTheSetting_both() {
        try (CrashableServer server = PostgresServer.start(PgCronServer.options(PgCronServer.SECONDS));
                TestDatabase other = server.database()) {
            TestRole role = other.createRole();
            other.execute("GRANT CREATE ON DATABASE " + other.name() + " TO " + role.name());
            assertObstacle(
                    other.address().withUser(role),
                    "LK012",
                    "pg_cron works in another database, not in " + other.name(),
                    "In the database that cron.database_name names run: SELECT cron.schedule_in_database(",
                    "If it names " + other.name() + ": CREATE EXTENSION pg_cron;");
            assertObstacle(server.address(), "LK010", "CREATE EXTENSION pg_cron;");
            CronServer.execute(server.address(), "CREATE EXTENSION pg_cron");
            client(server.address().url(), "works", 1_000)
                    .reaper(Reaper.PG_CRON)
                    .connect()
                    .close();
            assertThat(text(server.address(), "SELECT count(*) FROM cron.job")).isEqualTo("1");
        }
    }
}
