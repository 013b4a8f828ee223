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

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import io.latchkey.SessionState;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.NetworkNamespace;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packets that are really lost, between kernels: nobody is told, and connections stay half-open. */
@Timeout(90)
final class LostPacketsTest {
    private static final int TIMEOUT_MS = 3_000;

    private static NetworkNamespace network;
    private static CrashableServer server;

    private TestDatabase database;
    private DatabaseAddress bad;
    private String address;
    private Latchkey client;
    private Latchkey other;

    /** Which packets are lost. */
    enum Loss {
        ALL,
        OF_THE_CLIENT,
        OF_THE_SERVER;

        void begin(String client) {
            switch (this) {
                case ALL -> network.blackHole(client);
                case OF_THE_CLIENT -> network.loseWhatItSends(client);
                case OF_THE_SERVER -> network.loseWhatIsSentTo(client);
            }
        }
    }

    @BeforeAll
    static void start() {
        network = NetworkNamespace.create();
        server = PostgresServer.start(ServerOptions.defaults().in(network));
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        if (network != null) {
            network.close();
        }
    }

    @BeforeEach
    void connect() {
        database = Scene.installed(server, TIMEOUT_MS);
        address = network.newClient();
        bad = network.seenFrom(address, database.address());
        client = client(bad.url(), "client", TIMEOUT_MS).connect();
        other = client(database.url(), "other", TIMEOUT_MS).connect();
    }

    @AfterEach
    void close() {
        network.heal();
        client.close();
        other.close();
        database.close();
    }

    /** The client believes in its lease up to its own deadline, which ends before the server's; its fence is refused after that. */
    @ParameterizedTest
    @EnumSource
    void holderThatIsCutOff_hasLostItsLease_beforeAnotherHasIt(Loss loss) throws Exception {
        Lease lease = client.lock("job").acquire();
        AtomicLong lostAt = new AtomicLong();
        lease.onLost(() -> lostAt.set(System.nanoTime()));
        AtomicLong grantedAt = new AtomicLong();
        CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
        var unused = waiter.thenAccept(granted -> grantedAt.set(System.nanoTime()));
        awaitWaiting(database.address(), "job", 1);

        loss.begin(address);
        try (Lease next = granted(waiter)) {
            assertThat(lease.isValid()).isFalse();
            eventually(() -> lostAt.get() != 0 && grantedAt.get() != 0);
            assertThat(lostAt.get() - grantedAt.get()).isNegative();
            assertThat(client.state()).isEqualTo(SessionState.LOST);
            assertThatThrownBy(() -> client.lock("new").tryAcquire()).isInstanceOf(DatabaseUnavailableException.class);
            network.heal();
            eventually(() -> client.state() == SessionState.RECONNECTED);
            try (Connection connection = bad.connect()) {
                connection.setAutoCommit(false);
                assertThatThrownBy(() -> lease.fence(connection)).isInstanceOf(LeaseLostException.class);
            }
            assertThat(next.isValid()).isTrue();
        }
        try (Lease again = client.lock("job").acquire()) {
            assertThat(again.fencingToken()).isGreaterThan(lease.fencingToken());
        }
    }

    /** TCP outlasts it: what was lost is sent again. */
    @ParameterizedTest
    @EnumSource
    void interruptionOfAMoment_costsNoLease_andTheWaiterIsServed(Loss loss) throws Exception {
        Lease kept = client.lock("kept").acquire();
        Lease lease = other.lock("job").acquire();
        CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
        awaitWaiting(database.address(), "job", 1);
        loss.begin(address);
        lease.release(); // its notification does not arrive
        network.heal();
        long healed = System.nanoTime();
        granted(waiter).close();
        // A third of the session to the next renewal, another until that counts as failed, and a new connection.
        assertThat(millisSince(healed)).isLessThan(TIMEOUT_MS + 2_000);
        assertThat(kept.isValid()).isTrue();
        assertThat(kept.release()).isTrue();
        assertThat(other.lock("kept").tryAcquire()).isPresent();
    }

    /** Longer than a renewal, shorter than the session: the client gives its half-open connections up in time. */
    @Test
    void halfOpenConnections_areReplacedBeforeTheSessionEnds() throws Exception {
        try (Latchkey patient = client(bad.url(), "patient", 12_000).connect()) {
            Lease kept = patient.lock("kept").acquire();
            Lease lease = other.lock("job").acquire();
            CompletableFuture<Lease> waiter = patient.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            network.blackHole(address);
            lease.release();
            eventually(() -> patient.state() == SessionState.SUSPENDED);
            assertThat(waiter).isNotDone();
            network.heal();
            granted(waiter).close();
            assertThat(kept.isValid()).isTrue();
            assertThat(patient.state()).isEqualTo(SessionState.RECONNECTED);
        }
    }

    /**
     * An answer that is lost: whether the call took effect is not known to its caller, and afterwards nothing is left taken. The
     * control: a connection without the client's network time-outs still waits when the client has long given up.
     */
    @Test
    void callWhoseAnswerIsLost_failsInTime_andLeavesNothingTaken() throws Exception {
        client.lock("warm").acquire().close();
        try (Connection plain = bad.connect()) {
            network.loseWhatIsSentTo(address);
            CompletableFuture<Boolean> answer = CompletableFuture.supplyAsync(() -> answers(plain));
            assertThatThrownBy(() -> client.lock("job").tryAcquire()).isInstanceOf(DatabaseUnavailableException.class);
            assertThat(answer).isNotDone();
            network.heal();
            assertThat(answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        }
        assertThat(other.lock("job").tryAcquire(PATIENCE)).isPresent();
    }

    /** TCP sends again what is lost, later and later: everything is slow, and nothing is wrong. */
    @Test
    void packetsThatAreLostAtRandom_delayCallsAndChangeNothing() throws Exception {
        Latchkey patient = client(bad.url(), "patient", 15_000).connect();
        try (patient) {
            Lease kept = patient.lock("kept").acquire();
            network.loseSome(address, 10);
            for (int i = 0; i < 10; i++) {
                Lease lease = other.lock("job").acquire();
                CompletableFuture<Lease> waiter = patient.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                lease.release();
                Lease next = granted(waiter);
                assertThat(next.fencingToken()).isGreaterThan(lease.fencingToken());
                assertThat(next.release()).isTrue();
                eventually(() ->
                        number(database.address(), "SELECT count(*) FROM latchkey.locks WHERE name = 'job'") == 0);
            }
            network.heal();
            assertThat(kept.isValid()).isTrue();
        }
    }

    @Test
    void connectionsThatAreReset_areReplaced_withoutLosingALease() throws Exception {
        Lease kept = client.lock("kept").acquire();
        CompletableFuture<Lease> waiter;
        try (Lease lease = other.lock("job").acquire()) {
            assertThat(lease.isValid()).isTrue();
            waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            network.reset(address);
            assertThatThrownBy(() -> client.lock("new").tryAcquire()).isInstanceOf(DatabaseUnavailableException.class);
            network.heal();
        }
        granted(waiter).close();
        assertThat(kept.isValid()).isTrue();
        assertThat(client.lock("new").tryAcquire()).isPresent();
    }

    private static boolean answers(Connection connection) {
        try (var statement = connection.createStatement()) {
            return statement.execute("SELECT 1");
        } catch (SQLException e) {
            return false;
        }
    }
}
