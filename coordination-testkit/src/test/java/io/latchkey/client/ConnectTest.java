package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.SchemaException;
import io.latchkey.SchemaMode;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Every way to fail at the start ends in one sentence that tells what to do, and none tells a password. */
class ConnectTest {
    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    private DatabaseAddress address() {
        return postgres.database().address();
    }

    private static void assertSentence(String url, Class<? extends Exception> type, String... parts) {
        assertThatThrownBy(() -> Latchkey.connect(url))
                .isInstanceOf(type)
                .hasMessageContainingAll(parts)
                .hasMessageNotContainingAny("password=", "\n");
    }

    @Test
    void wrongPassword_namesThePlace_andNotThePassword() {
        DatabaseAddress address = address();
        String url =
                address.withUser(new TestRole("nobody_here", "wrong-secret")).url();
        assertSentence(
                url, CoordinationException.class, "refuses this user or password", "127.0.0.1:" + address.port());
        assertThatThrownBy(() -> Latchkey.connect(url)).hasMessageNotContaining("wrong-secret");
    }

    @Test
    void unknownDatabase_saysSo() {
        assertSentence(
                address().withDatabase("not_there").url(),
                CoordinationException.class,
                "no such database",
                "not_there");
    }

    @Test
    void unknownHost_saysSo() {
        assertSentence(
                "jdbc:postgresql://no-such-host.invalid:5432/app?user=a",
                DatabaseUnavailableException.class,
                "no host of that name");
    }

    @Test
    void nobodyListens_saysWhere() {
        assertSentence(
                address().withPort(1).url(), DatabaseUnavailableException.class, "127.0.0.1:1", "cannot be reached");
    }

    @Test
    void schemaMissing_whereItMayNotBeInstalled_saysWhatToRun() {
        assertThatThrownBy(() -> Latchkey.builder(address().url())
                        .schema(SchemaMode.CHECK)
                        .connect())
                .isInstanceOf(SchemaException.class)
                .hasMessageContaining("run the migrations");
    }

    @Test
    void roleThatMayNotInstall_namesTheGrant() {
        TestRole role = postgres.database().createRole();
        assertSentence(
                address().withUser(role).url(), SchemaException.class, "GRANT CREATE ON DATABASE", "latchkey.grant_to");
    }

    @Test
    void roleWithoutExecute_namesTheGrant_andWithIt_works() throws Exception {
        TestDatabase database = postgres.database();
        Latchkey.connect(database.url()).close();
        TestRole role = database.createRole();
        String url = address().withUser(role).url();
        assertSentence(url, SchemaException.class, "latchkey.grant_to");
        database.execute("SELECT latchkey.grant_to('" + role.name() + "')");
        try (Latchkey latchkey = Latchkey.connect(url)) {
            assertThat(latchkey.lock("a").tryAcquire()).isPresent();
            assertThat(latchkey.lock("a").tryAcquire(Duration.ofMillis(50))).isEmpty();
        }
    }

    @Test
    void schemaOfTheFuture_isRefused_unlessItStillServesThisClient() {
        TestDatabase database = postgres.database();
        Latchkey.connect(database.url()).close();
        database.execute("INSERT INTO latchkey._schema_version VALUES (1000, 7, 'still serves us')");
        Latchkey.connect(database.url()).close();
        database.execute("UPDATE latchkey._schema_version SET compatible_from = 999 WHERE version = 1000");
        assertSentence(database.url(), SchemaException.class, "too new", "upgrade this client");
    }

    @Test
    void readOnlyServer_isNotThePrimary() {
        TestDatabase database = postgres.database();
        database.execute("ALTER DATABASE \"" + database.name() + "\" SET default_transaction_read_only = on");
        assertSentence(database.url(), DatabaseUnavailableException.class, "read-only", "primary");
    }

    @Test
    void manyClientsAtOnce_onAnEmptyDatabase_installOneSchema() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Latchkey>> connects = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                connects.add(() -> Latchkey.connect(postgres.database().url()));
            }
            for (Future<Latchkey> client : threads.invokeAll(connects)) {
                client.get().close();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Settings that an application's role or database may well have. */
    @Test
    void hostileDefaults_doNoHarm() throws Exception {
        TestDatabase database = postgres.database();
        String alter = "ALTER DATABASE \"" + database.name() + "\" SET ";
        database.execute(alter + "default_transaction_isolation = 'serializable'");
        database.execute(alter + "idle_session_timeout = '300ms'");
        database.execute(alter + "TimeZone = 'Asia/Kathmandu'");
        database.execute(alter + "search_path = 'nowhere'");
        database.execute(alter + "DateStyle = 'German'");
        database.execute(alter + "bytea_output = 'escape'");
        try (Latchkey one = Latchkey.connect(database.url());
                Latchkey two = Latchkey.connect(database.url())) {
            var held = one.lock("a").acquire();
            var waiting = two.lock("a").acquireAsync();
            Thread.sleep(600); // longer than an idle session would live
            held.release();
            assertThat(waiting.get().isValid()).isTrue();
        }
    }

    @Test
    void dataSource_ofTheDriver_isEnough() {
        try (Latchkey latchkey = Latchkey.builder(postgres.database().dataSource())
                .holder("from a data source")
                .connect()) {
            assertThat(latchkey.lock("a").tryAcquire()).isPresent();
            assertThat(latchkey.holder()).isEqualTo("from a data source");
        }
    }
}
