package io.latchkey.faults;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A transaction that keeps its snapshot, a report for example: nothing that was updated since can be cleaned away, and each look at
 * the row of a busy lock walks over all its old versions.
 */
@Timeout(90)
final class HeldSnapshotTest {
    private static final int TIMEOUT_MS = 5_000;
    private static final int PAIRS = 1_000;

    @Test
    void snapshotThatIsHeld_isToldByTheServersStatus_locksGoOn_andItIsOverWhenItIsGivenBack() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease kept = client.lock("kept").acquire();
            try (Connection report = database.connect();
                    Statement statement = report.createStatement()) {
                report.setAutoCommit(false);
                report.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                statement.execute("SELECT count(*) FROM pg_class");
                takeAndGiveBack(client);
                assertThat(client.serverStatus().heldBackTransactions()).isGreaterThan(PAIRS);
                assertThat(client.serverStatus().oldestTransaction()).isGreaterThan(Duration.ZERO);
                assertThat(kept.isValid()).isTrue();

                // A hand-over, between two clients, with all those versions around.
                Contention contention = new Contention(List.of(client, other), 2, 1);
                eventually(() -> contention.counts().stream().allMatch(count -> count > 20)
                        || !contention.wrong().isEmpty());
                assertThat(contention.end(Scene.PATIENCE)).isTrue();
                assertThat(contention.wrong()).isEmpty();
            }
            eventually(() -> client.serverStatus().heldBackTransactions() < PAIRS);
            database.execute("VACUUM latchkey._lock");
            try (Lease lease = client.lock("busy").acquire()) {
                assertThat(lease.isValid()).isTrue();
            }
            assertThat(kept.isValid()).isTrue();
        }
    }

    private static void takeAndGiveBack(Latchkey client) throws InterruptedException {
        long last = 0;
        for (int i = 0; i < PAIRS; i++) {
            try (Lease lease = client.lock("busy").acquire()) {
                assertThat(lease.fencingToken()).isGreaterThan(last);
                last = lease.fencingToken();
            }
        }
    }
}
