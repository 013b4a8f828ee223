package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.DistributedLock;
import io.latchkey.Latchkey;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Timed leases whose end moves: kept alive, extended, withdrawn, and cut off from the database meanwhile. */
class KeptAliveTest {
    private static final LeaseTime MINUTE = LeaseTime.atMost(Duration.ofMinutes(1));
    private static final LeaseTime SHORT = LeaseTime.atMost(Duration.ofMillis(600));

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension(Scene::ignoreClientsEnd);

    private final TcpProxy network = TcpProxy.to(POSTGRES.database().address());
    private final Latchkey latchkey = Scene.client(
                    POSTGRES.database().address().withPort(network.port()).url(), "kept alive", 1_000)
            .connect();
    private final String name = "kept-" + System.nanoTime();
    private final DistributedLock lock = latchkey.lock(name);
    private final AtomicInteger lost = new AtomicInteger();

    @AfterEach
    void disconnect() {
        network.heal();
        latchkey.close();
        network.close();
    }

    private TimedLease take(LeaseTime time) {
        TimedLease lease = lock.tryAcquireTimed(time).orElseThrow();
        lease.onLost(lost::incrementAndGet);
        return lease;
    }

    private boolean isHeldThere() {
        return Scene.number(
                        POSTGRES.database().address(),
                        "SELECT count(*) FROM latchkey.locks WHERE name = '" + name + "'")
                > 0;
    }

    private boolean endsLaterThanAfter(Duration time) {
        return Scene.text(
                        POSTGRES.database().address(),
                        "SELECT ends_at - held_since > interval '" + time.toMillis()
                                + " ms' FROM latchkey.locks WHERE name = '" + name + "'")
                .equals("t");
    }

    @Test
    void keepAlive_extendsUntilItIsReleased() {
        TimedLease lease = take(SHORT);
        lease.keepAlive();
        lease.keepAlive();
        Scene.eventually(() -> endsLaterThanAfter(SHORT.atMost().multipliedBy(3)));
        assertThat(lease.isValid()).isTrue();
        assertThat(lease.release()).isTrue();
        assertThat(isHeldThere()).isFalse();
        assertThat(lost).hasValue(0);
    }

    @Test
    void withoutIt_theLeaseEnds() {
        TimedLease lease = take(SHORT);
        Scene.eventually(() -> lost.get() == 1);
        assertThat(lease.isValid()).isFalse();
        Scene.eventually(() -> !isHeldThere());
    }

    @Test
    void keepAlive_goesOnWithTheTimeOfTheLastExtension() {
        TimedLease lease = take(MINUTE);
        lease.keepAlive();
        assertThat(lease.extend(SHORT)).isTrue();
        assertThat(lease.remaining()).isLessThan(Duration.ofSeconds(1));
        Scene.eventually(() -> endsLaterThanAfter(SHORT.atMost().multipliedBy(3)));
        assertThat(lease.isValid()).isTrue();
    }

    @Test
    void keepAlive_countsTheLeastTimeFromItsBeginning() {
        TimedLease lease = take(SHORT.atLeast(SHORT.atMost()));
        lease.keepAlive();
        Scene.eventually(() -> endsLaterThanAfter(SHORT.atMost().multipliedBy(3)));
        lease.release();
        assertThat(isHeldThere()).isFalse();
    }

    @Test
    void keepAlive_cutOff_losesTheLeaseBeforeTheDatabaseGivesItAway() {
        TimedLease lease = take(LeaseTime.atMost(Duration.ofSeconds(2)));
        lease.keepAlive();
        network.blackHole();
        Scene.eventually(() -> lost.get() == 1);
        assertThat(isHeldThere()).isTrue();
        assertThat(lease.isValid()).isFalse();
    }

    @Test
    void keepAlive_survivesAnOutageThatIsShorterThanTheLease() {
        TimedLease lease = take(LeaseTime.atMost(Duration.ofSeconds(3)));
        lease.keepAlive();
        network.refuse();
        network.reset();
        Scene.eventually(() -> lease.remaining().compareTo(Duration.ofMillis(1_500)) < 0);
        network.heal();
        Scene.eventually(() -> lease.remaining().compareTo(Duration.ofSeconds(2)) > 0);
        assertThat(lost).hasValue(0);
    }

    /** The database may have shortened it: nobody heard. */
    @Test
    void extendToAnEarlierEnd_thatIsNotAnswered_isBelievedInNoLonger() {
        TimedLease lease = take(MINUTE);
        network.blackHole();
        assertThatThrownBy(() -> lease.extend(SHORT)).isInstanceOf(DatabaseUnavailableException.class);
        assertThat(lease.remaining()).isLessThan(SHORT.atMost());
        Scene.eventually(() -> lost.get() == 1);
    }

    @Test
    void fractionsOfMilliseconds_areCutOff_asTheDatabaseDoes() {
        LeaseTime time = LeaseTime.atMost(Duration.ofNanos(1_999_999)).atLeast(Duration.ofNanos(1_500_000));
        assertThat(time.atMost()).isEqualTo(Duration.ofMillis(1));
        assertThat(time.atLeast()).isEqualTo(Duration.ofMillis(1));
        assertThatThrownBy(() -> LeaseTime.atMost(Duration.ofNanos(999_999)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void withdraw_dropsTheLeastTime() {
        TimedLease lease = take(MINUTE.atLeast(Duration.ofSeconds(30)));
        assertThat(lease.withdraw()).isTrue();
        assertThat(isHeldThere()).isFalse();
        assertThat(lease.withdraw()).isFalse();
        assertThat(lease.release()).isFalse();
        assertThat(lost).hasValue(0);
    }

    /** The grant is made after the client gave up on it, and the client cannot say so before its session is over. */
    @Test
    void grantThatWasNeverHeardOf_isGivenBack_whenTheOutageOutlastsTheSession() throws SQLException {
        take(MINUTE).withdraw();
        try (Connection busy = POSTGRES.database().connect()) {
            busy.setAutoCommit(false);
            busy.createStatement().execute("SELECT FROM latchkey._lock FOR NO KEY UPDATE");
            Thread call = new Thread(() -> assertThatThrownBy(() -> lock.tryAcquireTimed(MINUTE))
                    .isInstanceOf(DatabaseUnavailableException.class));
            call.start();
            Scene.eventually(() -> Scene.number(
                            POSTGRES.database().address(),
                            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'acquire_timed'")
                    == 1);
            network.refuse();
            network.halfClose();
            Scene.eventually(() -> !call.isAlive());
            Scene.eventually(() -> latchkey.state() == io.latchkey.SessionState.LOST);
            busy.commit();
        }
        Scene.eventually(this::isHeldThere);
        network.heal();
        Scene.eventually(() -> !isHeldThere());
    }
}
