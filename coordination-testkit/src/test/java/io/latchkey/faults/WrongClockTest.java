package io.latchkey.faults;

import static io.latchkey.faults.Scene.PATIENCE;
import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.FakeClock;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.ParentChannel;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wall clocks that are hours off or jump: the server's, and a client's. */
@Timeout(90)
final class WrongClockTest {
    private static final int TIMEOUT_MS = 4_000;
    private static final LeaseTime MINUTE = LeaseTime.atMost(Duration.ofMinutes(1));

    private static FakeClock clock;
    private static CrashableServer server;

    private TestDatabase database;

    @BeforeAll
    static void start() {
        clock = FakeClock.create();
        server = PostgresServer.start(ServerOptions.defaults().by(clock));
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        if (clock != null) {
            clock.close();
        }
    }

    @BeforeEach
    void install() {
        clock.set(Duration.ZERO);
        database = Scene.installed(server, TIMEOUT_MS);
    }

    @AfterEach
    void drop() {
        clock.set(Duration.ZERO);
        database.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {-5, 5})
    void serverWhoseClockIsHoursOff_locksAndQueuesWork(int hours) throws Exception {
        clock.set(Duration.ofHours(hours));
        assertThat(serverIsAheadBy()).isCloseTo(Duration.ofHours(hours).toMillis(), within(60_000L));
        play(database);
    }

    /** Leases are longer than they should be at the most until their next renewal; tokens grow on, and nobody waits for five hours. */
    @Test
    void clockThatJumpsBack_costsNothing_andNobodyWaitsForTheClockToCatchUp() throws Exception {
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("job").acquire();
            TimedLease timed = holder.lock("nightly").tryAcquireTimed(MINUTE).orElseThrow();
            clock.set(Duration.ofHours(-5));
            long start = System.nanoTime();
            eventually(() -> millisSince(start) > TIMEOUT_MS + 500);
            assertThat(lease.isValid()).isTrue();
            assertThat(timed.isValid()).isTrue();
            assertThat(other.lock("job").tryAcquire()).isEmpty();
            assertThat(lease.release()).isTrue();
            try (Lease next = other.lock("job").acquire()) {
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            }
            play(database);
        }
    }

    /**
     * A least time that was set before the jump lies hours ahead of it. A lock that is released then stays taken for the length of
     * its lease at the most, and not for hours; one without a least time is free at once.
     */
    @ParameterizedTest
    @ValueSource(longs = {0, 1})
    void clockThatJumpsBack_keepsATimedLeaseThatIsReleased_forItsOwnLengthAtTheMost(long atLeastMs) throws Exception {
        database.execute(
                "UPDATE latchkey._incarnation SET granting_from = granting_from - interval '1 day'"); // no new server
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            TimedLease timed = holder.lock("nightly")
                    .tryAcquireTimed(LeaseTime.atMost(Duration.ofSeconds(5)).atLeast(Duration.ofMillis(atLeastMs)))
                    .orElseThrow();
            clock.set(Duration.ofHours(-5));
            assertThat(timed.release()).isTrue();
            assertThat(timed.isValid()).isFalse();
            Lease next = (atLeastMs == 0
                            ? other.lock("nightly").tryAcquire()
                            : other.lock("nightly").tryAcquire(PATIENCE))
                    .orElseThrow();
            assertThat(next.fencingToken()).isGreaterThan(timed.fencingToken());
            assertThat(next.release()).isTrue();
        }
    }

    /** The same for a holder that died before the jump: its end is pulled in to its timeout from then. */
    @Test
    void clockThatJumpsBack_keepsTheLockOfADeadHolderForOneTimeoutMoreAtTheMost() throws Exception {
        try (Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect();
                JavaProcess holder = JavaProcess.start(Holder.class, database.url())) {
            holder.expect("^holds", PATIENCE);
            holder.kill();
            clock.set(Duration.ofHours(-5));
            try (Lease next = other.lock("job").tryAcquire(PATIENCE).orElseThrow()) {
                assertThat(next.isValid()).isTrue();
            }
        }
    }

    /**
     * Every lease ends there and then. That is a promise that is not kept: for up to a third of the timeout the holder does not know.
     * Its fence does, and it is told with its next renewal.
     */
    @Test
    void clockThatJumpsForward_endsLeasesEarly_theHolderIsTold_andItsFenceIsRefused() throws Exception {
        try (Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("job").acquire();
            TimedLease timed = holder.lock("nightly").tryAcquireTimed(MINUTE).orElseThrow();
            CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            clock.set(Duration.ofHours(5));
            eventually(() -> !lease.isValid()); // with its next renewal, or by its deadline
            assertFenceIsRefused(lease);
            assertThat(other.lock("nightly").tryAcquire(PATIENCE)).isPresent();
            assertFenceIsRefused(timed);
            assertThat(timed.release()).isFalse();
            try (Lease next = granted(waiter)) {
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            }
            play(database);
        }
    }

    /** A client never looks at its wall clock. */
    @Test
    void clientWhoseClockIsHoursOff_andJumps_keepsItsLeaseAsLongAsAnyOther() throws Exception {
        try (FakeClock own = FakeClock.create();
                Latchkey other = client(database.url(), "other", TIMEOUT_MS).connect()) {
            own.set(Duration.ofHours(5));
            try (JavaProcess holder = JavaProcess.start(Holder.class, List.of(), own.environment(), database.url())) {
                long wall = Long.parseLong(
                        holder.expect("^holds, at (\\d+)", PATIENCE).group(1));
                assertThat(wall - System.currentTimeMillis())
                        .isCloseTo(Duration.ofHours(5).toMillis(), within(60_000L));
                own.set(Duration.ofHours(-5));
                long start = System.nanoTime();
                eventually(() -> millisSince(start) > TIMEOUT_MS + 500);
                assertThat(other.lock("job").tryAcquire()).isEmpty();
                holder.send("valid?");
                assertThat(holder.expect("^valid: (.*)$", PATIENCE).group(1)).isEqualTo("true");
                holder.stop();
                try (Lease next = other.lock("job").acquire()) {
                    holder.cont();
                    holder.send("valid?");
                    assertThat(holder.expect("^valid: (.*)$", PATIENCE).group(1))
                            .isEqualTo("false");
                    assertThat(next.isValid()).isTrue();
                }
            }
        }
    }

    private void assertFenceIsRefused(Lease lease) throws Exception {
        try (Connection connection = database.connect()) {
            connection.setAutoCommit(false);
            assertThatThrownBy(() -> lease.fence(connection)).isInstanceOf(LeaseLostException.class);
        }
    }

    /** What works at any time: a hand-over, and a renewal in between. */
    private static void play(TestDatabase database) throws Exception {
        try (Latchkey holder = client(database.url(), "player", TIMEOUT_MS).connect();
                Latchkey other =
                        client(database.url(), "other player", TIMEOUT_MS).connect()) {
            Lease lease = holder.lock("played").acquire();
            CompletableFuture<Lease> waiter = other.lock("played").acquireAsync();
            awaitWaiting(database.address(), "played", 1);
            long start = System.nanoTime();
            eventually(() -> millisSince(start) > TIMEOUT_MS / 2);
            assertThat(lease.release()).isTrue();
            try (Lease next = granted(waiter)) {
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
            }
        }
    }

    private long serverIsAheadBy() {
        long now = number(database.address(), "SELECT (date_part('epoch', clock_timestamp()) * 1000)::bigint");
        return now - System.currentTimeMillis();
    }

    /** Holds a lock, and says whether it believes so. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            Latchkey latchkey = client(arguments[0], "holder", TIMEOUT_MS).connect();
            Lease lease = latchkey.lock("job").acquire();
            parent.send("holds, at " + System.currentTimeMillis());
            while (true) {
                parent.receive();
                parent.send("valid: " + lease.isValid());
            }
        }
    }
}
