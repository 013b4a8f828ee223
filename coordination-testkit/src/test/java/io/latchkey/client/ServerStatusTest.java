package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.Latchkey;
import io.latchkey.ServerStatus;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the client tells of its server. */
class ServerStatusTest {
    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    @SuppressWarnings("NullAway.Init")
    private Latchkey latchkey;

    @BeforeEach
    void connect() {
        latchkey = Latchkey.connect(postgres.database().url());
    }

    @AfterEach
    void close() {
        latchkey.close();
    }

    @Test
    void transactionThatStaysOpen_isSeenToHoldThingsBack() throws SQLException {
        TestDatabase database = postgres.database();
        try (Connection open = database.connect();
                Statement statement = open.createStatement()) {
            open.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            open.setAutoCommit(false);
            statement.execute("SELECT 1");
            for (int i = 0; i < 3; i++) {
                database.execute("SELECT pg_current_xact_id()");
            }
            ServerStatus status = latchkey.serverStatus();
            assertThat(status.heldBackTransactions()).isGreaterThanOrEqualTo(3);
            assertThat(status.oldestTransaction()).isNotNull().isPositive();
            open.rollback();
        }
    }

    @Test
    void notificationQueueAndGracePeriod_areEmptyOnAHealthyServer() {
        ServerStatus status = latchkey.serverStatus();
        assertThat(status.notificationQueue()).isBetween(0.0, 0.5);
        assertThat(status.graceLeft()).isZero();
        assertThat(status.roundTrip()).isBetween(Duration.ofNanos(1), Duration.ofSeconds(20));
    }

    @Test
    void gracePeriod_isTold() {
        postgres.database()
                .execute("UPDATE latchkey._incarnation SET granting_from = clock_timestamp() + interval '1 hour'");
        assertThat(latchkey.serverStatus().graceLeft()).isBetween(Duration.ofMinutes(59), Duration.ofMinutes(60));
    }

    @Test
    void closedClient_refuses() {
        latchkey.close();
        assertThatThrownBy(() -> latchkey.serverStatus()).isInstanceOf(IllegalStateException.class);
    }
}
