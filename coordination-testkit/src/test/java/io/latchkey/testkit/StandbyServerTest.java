package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

final class StandbyServerTest {
    @Test
    void standby_followsIsCutOffAndPromoted() throws SQLException {
        try (CrashableServer primary = PostgresServer.start();
                TestDatabase database = primary.database();
                StandbyServer standby = primary.standby();
                PoolingProxy pooler = PoolingProxy.to(primary.address());
                Connection pooled = database.address().withPort(pooler.port()).connect()) {
            DatabaseAddress there =
                    database.address().withPort(standby.address().port());
            database.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (1)");
            standby.awaitCaughtUp();
            assertThat(last(there)).isEqualTo("1");
            assertThatThrownBy(() -> Sql.query(there, "INSERT INTO t VALUES (0)"))
                    .hasMessageContaining("read-only");

            standby.makeSynchronous();
            database.execute("INSERT INTO t VALUES (2)");
            standby.makeAsynchronous();

            standby.pauseReplay();
            database.execute("INSERT INTO t VALUES (3)");
            assertThat(last(there)).isEqualTo("2");
            standby.resumeReplay();
            standby.awaitCaughtUp();
            assertThat(last(there)).isEqualTo("3");

            standby.disconnect();
            database.execute("INSERT INTO t VALUES (4)");
            primary.crash();
            standby.promote();
            try (Connection writer =
                    DriverManager.getConnection(database.address().urlOfPrimaryAmong(standby))) {
                Sql.execute(writer, "INSERT INTO t VALUES (0)");
            }
            assertThat(last(there)).isEqualTo("3");
            pooler.redirect(standby.address());
            assertThat(Sql.query(pooled, "SELECT max(n) FROM t")).isEqualTo("3");
        }
    }

    private static String last(DatabaseAddress where) throws SQLException {
        return Sql.query(where, "SELECT max(n) FROM t");
    }
}
