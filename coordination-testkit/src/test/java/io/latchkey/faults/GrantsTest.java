package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A grant that is heard of twice, late, or at the wrong moment. */
@Timeout(60)
final class GrantsTest {
    /** The answer to the first call is lost, and the second is told of the grant of the first: that lease is older than the call. */
    @Test
    void timedLeaseThatAnEarlierCallWasGranted_endsWhenTheDatabaseSays() throws Exception {
        LeaseTime time = LeaseTime.atMost(Duration.ofSeconds(6));
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                TcpProxy network = TcpProxy.to(database.address());
                Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            Scene.ignoreClientsEnd(database);
            try (Latchkey client = client(
                            database.address().withPort(network.port()).url(), "client", 15_000)
                    .connect()) {
                client.lock("job").tryAcquireTimed(time).orElseThrow().release();
                connection.setAutoCommit(false);
                statement.execute("SELECT FROM latchkey._lock WHERE name = 'job' FOR NO KEY UPDATE");
                CompletableFuture<Optional<TimedLease>> call = CompletableFuture.supplyAsync(() -> {
                    try {
                        return client.lock("job").tryAcquireTimed(time, Scene.PATIENCE);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                eventually(() -> number(
                                database.address(),
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                        + " AND datname = current_database() AND query LIKE '%acquire_timed%'")
                        == 1);
                network.refuse();
                network.reset();
                connection.commit();
                eventually(() -> leftMs(database) > 0 && leftMs(database) < 3_000); // half of it is over
                network.heal();

                TimedLease lease = call.get(Scene.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                        .orElseThrow();
                long left = leftMs(database);
                assertThat(lease.remaining().toMillis()).isLessThanOrEqualTo(left);
                assertThat(number(database.address(), "SELECT token FROM latchkey._lock WHERE name = 'job'"))
                        .isEqualTo(lease.fencingToken());
            }
        }
    }

    private static long leftMs(TestDatabase database) {
        return number(
                database.address(),
                "SELECT coalesce(max((extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint), 0)"
                        + " FROM latchkey._lock WHERE name = 'job' AND request IS NOT NULL");
    }

    /** Two calls with one request, because the session was opened anew meanwhile: to give the second back would give back the first. */
    @Test
    void grantThatIsAnsweredTwice_isOneLease() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                Latchkey client = client(database.url(), "client", 3_000)
                        .commandConnections(8)
                        .connect();
                Latchkey other = client(database.url(), "other", 3_000).connect()) {
            assertThat(client.lock("other").tryAcquire()).isPresent();
            replaceAcquire(database, "", "IF p_name = 'slow' THEN PERFORM pg_sleep(0.3); END IF;");
            database.execute("DELETE FROM latchkey._session WHERE holder = 'client'");
            CompletableFuture<Lease> slow = client.lock("slow").acquireAsync(); // says no_session, after a while
            client.lock("quick").tryAcquire(); // says so at once, and a new session is opened
            try (Lease lease = granted(slow)) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_000)); // for all answers to come in
                assertThat(lease.isValid()).isTrue();
                assertThat(number(database.address(), "SELECT token FROM latchkey._lock WHERE name = 'slow'"))
                        .isEqualTo(lease.fencingToken());
                assertThat(other.lock("slow").tryAcquire()).isEmpty();
            }
        }
    }

    /** It travels behind the news that the session is over; on the same connection it arrives when there is a new one. */
    @Test
    void notificationOfAGrantToTheOldSession_isNotTakenForOneToTheNew() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                Latchkey first = client(database.url(), "first", 3_000).connect();
                Latchkey client = client(database.url(), "client", 3_000).connect();
                Latchkey next = client(database.url(), "next", 3_000).connect();
                Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            Lease lease = first.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            CompletableFuture<Lease> nextWaiter = next.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 2);

            connection.setAutoCommit(false);
            statement.execute("SELECT FROM latchkey._session WHERE holder = 'client' FOR UPDATE");
            eventually(() -> number(
                            database.address(),
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                    + " AND datname = current_database() AND query LIKE '%renew_session%'")
                    == 1);
            statement.execute(
                    "SELECT latchkey.release_lock(session, name, token) FROM latchkey._lock WHERE name = 'job'");
            statement.execute(
                    "SELECT pg_notify(s.channel, to_hex(w.request) || ' ' || w.token || ' ' || i.id) FROM latchkey._waiter w"
                            + " JOIN latchkey._session s ON s.id = w.session, latchkey._incarnation i WHERE w.token IS NOT NULL");
            statement.execute("DELETE FROM latchkey._session WHERE holder = 'client'");
            connection.commit();

            try (Lease rightful = granted(nextWaiter)) {
                assertThat(rightful.fencingToken()).isGreaterThan(lease.fencingToken());
                awaitWaiting(database.address(), "job", 1);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
                assertThat(waiter).isNotDone();
            }
            granted(waiter).close();
        }
    }

    /** Behind a pooler a connection that listened lives on, and hands its notifications to whoever uses it next, however late. */
    @Test
    void notificationOnTheChannelOfTheOldSession_isNotTakenForOneToTheNew() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                Latchkey holder = client(database.url(), "holder", 15_000).connect();
                Latchkey client = client(database.url(), "client", 3_000).connect()) {
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            String late = text(
                    database.address(),
                    "SELECT format('SELECT pg_notify(%L, %L)', s.channel, to_hex(w.request) || ' ' || (l.token + 1) || ' ' || i.id)"
                            + " FROM latchkey._waiter w JOIN latchkey._session s ON s.id = w.session"
                            + " JOIN latchkey._lock l ON l.name = w.name, latchkey._incarnation i");
            String first = text(database.address(), "SELECT id FROM latchkey._session WHERE holder = 'client'");
            database.execute("DELETE FROM latchkey._session WHERE holder = 'client'");
            eventually(() -> number(
                            database.address(),
                            "SELECT count(*) FROM latchkey._waiter w JOIN latchkey._session s ON s.id = w.session"
                                    + " WHERE s.holder = 'client' AND s.id <> '" + first + "'")
                    == 1);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200)); // until it listens again, too
            text(database.address(), late);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
            assertThat(waiter).isNotDone();
            assertThat(lease.release()).isTrue();
            try (Lease granted = granted(waiter)) {
                assertThat(number(database.address(), "SELECT token FROM latchkey._lock WHERE name = 'job'"))
                        .isEqualTo(granted.fencingToken());
            }
        }
    }

    /** The notification of the grant overtakes the answer that the call has to wait. */
    @Test
    void answerThatSaysQueued_afterTheGrantWasHeardOf_takesNothingBack() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey holder = client(database.url(), "holder", 3_000).connect();
                Latchkey client = client(
                                database.address().withPort(network.port()).url(), "client", 3_000)
                        .listenerUrl(database.url())
                        .connect()) {
            Lease first = holder.lock("job").acquire();
            CompletableFuture<Lease> firstWaiter = client.lock("job").acquireAsync(); // from here on it listens
            awaitWaiting(database.address(), "job", 1);
            first.release();
            granted(firstWaiter).close();
            Lease lease = holder.lock("job").acquire();
            network.delay(Duration.ofMillis(200));
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            lease.release();
            Lease granted = granted(waiter);
            network.heal();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
            assertThat(granted.isValid()).isTrue();
            assertThat(holder.lock("job").tryAcquire()).isEmpty();
            assertThat(granted.release()).isTrue();
        }
    }

    /** After a broken connection the client compares what it holds with what the database says, while it takes locks. */
    @Test
    void audit_whileGrantsAreUnderWay_takesNoneOfThemBack() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 1_500);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey client = client(
                                database.address().withPort(network.port()).url(), "client", 1_500)
                        .listenerUrl(database.url())
                        .commandConnections(24)
                        .connect()) {
            client.lock("warm up").tryAcquire();
            network.reset();
            client.lock("notices").tryAcquire();
            network.delay(Duration.ofMillis(100));
            List<CompletableFuture<Optional<Lease>>> calls = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                String name = "lock " + i;
                calls.add(CompletableFuture.supplyAsync(
                        () -> client.lock(name).tryAcquire(), task -> new Thread(task).start()));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(40));
            }
            for (CompletableFuture<Optional<Lease>> call : calls) {
                assertThat(call.get().orElseThrow().isValid()).isTrue();
            }
            network.heal();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500)); // for what may have been sent to take them back
            assertThat(text(database.address(), "SELECT count(*) FROM latchkey.locks WHERE name LIKE 'lock %'"))
                    .isEqualTo("40");
        }
    }

    /** The lease is not listed any more, and the database has not heard of it: whoever gave it back would be told that it was lost. */
    @Test
    void audit_whileALeaseIsBeingReleased_doesNotReleaseItInstead() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 1_500);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey client = client(
                                database.address().withPort(network.port()).url(), "client", 1_500)
                        .listenerUrl(database.url())
                        .connect()) {
            client.lock("warm up").tryAcquire();
            network.reset();
            client.lock("notices").tryAcquire();
            network.delay(Duration.ofMillis(20)); // so that two calls need both connections
            CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(
                    () -> client.lock("warm").tryAcquire().isPresent(), task -> new Thread(task).start());
            assertThat(client.lock("up").tryAcquire()).isPresent();
            assertThat(other.get()).isTrue();
            network.heal();
            for (int i = 0; i < 10; i++) { // a renewal and its audit come in between most times
                Lease lease = client.lock("job").tryAcquire().orElseThrow();
                network.delay(Duration.ofMillis(400));
                CompletableFuture<Boolean> release =
                        CompletableFuture.supplyAsync(lease::release, task -> new Thread(task).start());
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(80)); // until it is on its way
                network.heal(); // for what is sent from now on
                assertThat(release.get()).as("release %d", i).isTrue();
            }
        }
    }

    /** A call that its caller gave up on, and that the network delivers later. */
    @Test
    void callThatArrivesAfterItsCallerGaveUp_leavesNoLockStuck() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey client = client(
                                database.address().withPort(network.port()).url(), "client", 3_000)
                        .listenerUrl(database.url())
                        .connect();
                Latchkey other = client(database.url(), "other", 3_000).connect()) {
            for (int i = 0; i < 2; i++) { // open both connections
                client.lock("job").tryAcquire().orElseThrow().close();
            }
            network.stall();
            assertThatThrownBy(() -> client.lock("job").tryAcquire()).isInstanceOf(DatabaseUnavailableException.class);
            network.heal();
            assertThat(other.lock("job").tryAcquire(Duration.ofSeconds(8))).isPresent();
        }
    }

    /** And that takes effect even after it was withdrawn: the server had it all the time, and was slow. */
    @Test
    void callThatTakesEffectAfterItWasWithdrawn_leavesNoLockStuck() throws Exception {
        try (TestDatabase database = lookingAway();
                Latchkey client = client(database.url(), "client", 3_000).connect();
                Latchkey other = client(database.url(), "other", 3_000).connect()) {
            database.execute("CREATE SEQUENCE tries");
            replaceAcquire(database, """
                    CASE nextval('public.tries')
                        WHEN 1 THEN PERFORM pg_sleep(2);
                        WHEN 2 THEN RAISE EXCEPTION USING ERRCODE = '08006', MESSAGE = 'connection lost';
                        ELSE NULL;
                    END CASE;""", "");
            assertThatThrownBy(() -> client.lock("job").tryAcquire()).isInstanceOf(DatabaseUnavailableException.class);
            eventually(() ->
                    number(database.address(), "SELECT count(*) FROM latchkey._lock WHERE session IS NOT NULL") == 1);
            assertThat(other.lock("job").tryAcquire(Duration.ofSeconds(4))).isPresent();
        }
    }

    /** The original under another name, and one in its place that does something before and after. */
    private static void replaceAcquire(TestDatabase database, String before, String after) {
        database.execute("""
                ALTER FUNCTION latchkey.acquire_lock(uuid, text, bigint, boolean) RENAME TO acquire_original;
                CREATE FUNCTION latchkey.acquire_lock(p_session uuid, p_name text, p_request bigint, p_wait boolean)
                RETURNS latchkey.reply LANGUAGE plpgsql AS $$
                DECLARE
                    v_reply latchkey.reply;
                BEGIN
                """
                + before
                + " v_reply := latchkey.acquire_original(p_session, p_name, p_request, p_wait); "
                + after
                + " RETURN v_reply; END $$");
    }

    private static TestDatabase lookingAway() {
        TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000);
        Scene.ignoreClientsEnd(database);
        return database;
    }
}
