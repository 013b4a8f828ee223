package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import io.latchkey.testkit.TestRole;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time-outs and read-only mode that an administrator has set for the database or for the role. */
@Timeout(60)
final class TimeoutSettingsTest {
    private static final int TIMEOUT_MS = 5_000;

    private TestDatabase database;

    @BeforeEach
    void install() {
        database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
    }

    @AfterEach
    void drop() {
        database.close();
    }

    /** No call of the client waits for long in the server, so a time-out that stops long statements never meets one. */
    @Test
    void statementTimeoutOfTheDatabase_stopsNoCall_howeverLongItIsWaitedFor() throws Exception {
        set("statement_timeout = '1500ms'");
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(3_000));
            assertThat(waiter).isNotDone();
            lease.release();
            granted(waiter).close();
        }
    }

    /**
     * Somebody keeps the row of a lock. The call that meets the time-out says so; the client goes on renewing, and the call that
     * waits is served when the row is free.
     */
    @Test
    void statementTimeoutThatStopsACall_isToldToItsCaller_andTheConnectionGoesOn() throws Exception {
        set("statement_timeout = '1s'");
        rowThatIsKept_failsTheCall("57014");
    }

    @Test
    void lockTimeoutThatStopsACall_isToldToItsCaller_andTheConnectionGoesOn() throws Exception {
        set("lock_timeout = '1s'");
        rowThatIsKept_failsTheCall("55P03");
    }

    private void rowThatIsKept_failsTheCall(String state) throws Exception {
        try (Latchkey client = client(database.url(), "client", 2 * TIMEOUT_MS).connect();
                Connection blocker = database.connect();
                Statement statement = blocker.createStatement()) {
            Lease kept = client.lock("kept").acquire();
            Lease lease = client.lock("job").acquire();
            blocker.setAutoCommit(false);
            // For longer than the time-out, and shorter than the client waits for an answer, which is a third of its
            // session.
            statement.execute("SELECT FROM latchkey._lock WHERE name = 'job' FOR UPDATE");
            assertThat(lease.release()).isTrue(); // is told to the database when the row is free
            assertThatThrownBy(() -> client.lock("job").acquire())
                    .isInstanceOfSatisfying(CoordinationException.class, e -> {
                        assertThat(e.sqlState()).isEqualTo(state);
                        assertThat(e.lock()).isEqualTo("job");
                    });
            long start = System.nanoTime();
            eventually(() -> millisSince(start) > 2 * TIMEOUT_MS);
            assertThat(kept.isValid()).isTrue();
            blocker.rollback();
            eventually(() -> client.lock("job").tryAcquire().isPresent());
        }
    }

    /** Renewals do not wait for a row that somebody keeps, so a lock time-out, however short, costs no lease. */
    @Test
    void timeoutsOfTheRole_costNoLease() throws Exception {
        TestRole role = database.createRole();
        database.execute("SELECT latchkey.grant_to('" + role.name() + "')");
        database.execute("ALTER ROLE " + role.name() + " SET lock_timeout = '200ms'");
        database.execute("ALTER ROLE " + role.name() + " SET statement_timeout = '2s'");
        database.execute("ALTER ROLE " + role.name() + " SET idle_in_transaction_session_timeout = '50ms'");
        DatabaseAddress where = database.address().withUser(role);
        assertThat(text(where, "SHOW lock_timeout")).isEqualTo("200ms");
        try (Latchkey client = client(where.url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(where.url(), "other", TIMEOUT_MS).connect()) {
            Lease kept = client.lock("kept").acquire();
            for (int i = 0; i < 20; i++) {
                Lease lease = other.lock("job").acquire();
                CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                assertThat(lease.release()).isTrue();
                assertThat(granted(waiter).release()).isTrue();
            }
            long start = System.nanoTime();
            eventually(() -> millisSince(start) > TIMEOUT_MS + 500);
            assertThat(kept.isValid()).isTrue();
        }
    }

    /** It holds for new connections: those that exist go on, and a client that has to replace one is told why it cannot. */
    @Test
    void databaseThatIsMadeReadOnly_holdersHold_newConnectionsAreRefused_untilItIsNot() throws Exception {
        try (Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease held = client.lock("held").acquire();
            set("default_transaction_read_only = on");
            client.lock("as before").acquire().close();
            terminate();
            assertThatThrownBy(() -> client.lock("new").tryAcquire())
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("read-only");
            assertThatThrownBy(() -> client(database.url(), "late", TIMEOUT_MS).connect())
                    .isInstanceOf(DatabaseUnavailableException.class)
                    .hasMessageContaining("read-only");
            CompletableFuture<Lease> waiter = other.lock("new").acquireAsync();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            assertThat(waiter).isNotDone();
            set("default_transaction_read_only = off");
            granted(waiter).close();
            assertThat(held.isValid()).isTrue();
            assertThat(held.release()).isTrue();
        }
    }

    /** Longer than the session: it is lost in time, and the client comes back by itself. */
    @Test
    void databaseThatIsReadOnlyForLongerThanTheSession_losesLeases_andClientsComeBack() throws Exception {
        try (Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            Lease held = client.lock("held").acquire();
            set("default_transaction_read_only = on");
            terminate();
            eventually(() -> !held.isValid());
            set("default_transaction_read_only = off");
            try (Lease again = client.lock("held").acquire()) {
                assertThat(again.fencingToken()).isGreaterThan(held.fencingToken());
            }
        }
    }

    private void set(String setting) {
        // A database that is read-only can be told so by a transaction that is not.
        database.execute("BEGIN READ WRITE; ALTER DATABASE " + database.name() + " SET " + setting + "; COMMIT");
    }

    private void terminate() {
        eventually(() -> number(
                        database.address(),
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND pid <> pg_backend_pid() AND application_name = 'latchkey'")
                > 0);
    }
}
