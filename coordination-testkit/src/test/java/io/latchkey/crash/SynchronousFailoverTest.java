package io.latchkey.crash;

import static io.latchkey.faults.Scene.PATIENCE;
import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.StandbyServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A standby that commits wait for, one that they do not wait for, and one that stands still; through a URL that names both servers. */
@Timeout(120)
final class SynchronousFailoverTest {
    private static final int TIMEOUT_MS = 3_000;
    private static final int PATIENT_MS = 5_000;
    private static final LeaseTime LONG = LeaseTime.atMost(Duration.ofMinutes(10));

    private CrashableServer primary;
    private TestDatabase database;
    private StandbyServer standby;
    private String url;

    @BeforeEach
    void start() {
        primary = PostgresServer.start();
        database = Scene.installed(primary, TIMEOUT_MS);
        standby = primary.standby();
        url = database.address().urlOfPrimaryAmong(standby);
    }

    @AfterEach
    void stop() {
        standby.close();
        primary.close();
    }

    /** What was acknowledged is on the standby, so also what nobody is left to resume. */
    @Test
    void failoverToASynchronousStandby_keepsTheTimedLeasesOfClientsThatAreGone() throws Exception {
        standby.makeSynchronous();
        assertThat(timedLeaseOfAClientThatIsGone_isKnownAfterFailover()).isTrue();
    }

    /** The negative control, and what is not promised: such a lease is lost where commits wait for no standby. */
    @Test
    void failoverToAnAsynchronousStandbyThatLags_losesTheTimedLeasesOfClientsThatAreGone() throws Exception {
        standby.awaitCaughtUp();
        standby.disconnect();
        assertThat(timedLeaseOfAClientThatIsGone_isKnownAfterFailover()).isFalse();
    }

    private boolean timedLeaseOfAClientThatIsGone_isKnownAfterFailover() throws Exception {
        try (Latchkey other = client(url, "other", TIMEOUT_MS).connect()) {
            TimedLease timed;
            try (Latchkey gone = client(url, "gone", TIMEOUT_MS).connect()) {
                timed = gone.lock("nightly").tryAcquireTimed(LONG).orElseThrow();
            }
            primary.crash();
            standby.promote();
            try (Lease fresh = other.lock("fresh").acquire()) { // when the grace period is over
                assertThat(fresh.isValid()).isTrue();
            }
            Lease taken = other.lock("nightly").tryAcquire().orElse(null);
            if (taken != null) {
                assertThat(taken.fencingToken()).isGreaterThan(timed.fencingToken());
            }
            return taken == null;
        }
    }

    @Test
    void failoverToASynchronousStandby_holdersResume_queuesFormAgain_andNoTokenIsRepeated() throws Exception {
        standby.makeSynchronous();
        play(() -> {
            primary.crash();
            standby.promote();
        });
    }

    /** The log has arrived, but has not been replayed: a promotion replays it first. */
    @Test
    void failoverToAStandbyThatLagsInReplayAlone_losesNothing() throws Exception {
        standby.awaitCaughtUp();
        standby.pauseReplay();
        play(() -> {
            standby.resumeReplay();
            primary.crash();
            standby.promote();
        });
    }

    private void play(Runnable failover) throws Exception {
        CrashStory.play(database, url, new CrashStory.Crash() {
            @Override
            public void happen() {
                failover.run();
            }

            @Override
            public DatabaseAddress afterwards() {
                return database.address().withPort(standby.address().port());
            }

            @Override
            public boolean losesCommits() {
                return false;
            }
        });
    }

    /**
     * Commits wait for it without an end. Renewals do not: sessions are in no log. So who holds something goes on holding it; who
     * wants something is told that the outcome is unknown, or waits; and when it goes on again nothing is left taken.
     */
    @Test
    void synchronousStandbyThatStandsStill_leasesStay_newOnesWait_andNothingIsStuckWhenItGoesOn() throws Exception {
        standby.makeSynchronous();
        try (Latchkey holder = client(url, "holder", PATIENT_MS).connect();
                Latchkey other = client(url, "other", PATIENT_MS).connect()) {
            Lease lease = holder.lock("held").acquire();
            Lease wanted = holder.lock("wanted").acquire();
            CompletableFuture<Lease> queued = other.lock("wanted").acquireAsync();
            awaitWaiting(database.address(), "wanted", 1);
            try (Observer observer = new Observer(lease)) {
                standby.server().pause();
                assertThatThrownBy(() -> other.lock("new").tryAcquire())
                        .isInstanceOf(DatabaseUnavailableException.class);
                CompletableFuture<Lease> waiter = other.lock("also new").acquireAsync();
                assertThat(wanted.release()).isTrue(); // is told to the database later, if it must be
                assertThat(wanted.isValid()).isFalse();
                LockSupport.parkNanos(Duration.ofMillis(PATIENT_MS + 1_000).toNanos());
                assertThat(waiter).isNotDone();
                assertThat(lease.isValid()).isTrue();
                assertThat(other.lock("held").tryAcquire()).isEmpty();
                // Who calls again and again leaves no backend behind for each time.
                eventually(() -> number(
                                database.address(),
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                        + " AND query_start < clock_timestamp() - interval '4 s'")
                        == 0);

                standby.server().resume();
                granted(waiter).close();
                try (Lease next = granted(queued)) {
                    assertThat(next.fencingToken()).isGreaterThan(wanted.fencingToken());
                }
                assertThat(observer.seenInvalid()).isFalse();
                assertThat(observer.losses()).isZero();
            }
            assertThat(lease.release()).isTrue();
            for (String lock : new String[] {"held", "wanted", "new", "also new"}) {
                assertThat(holder.lock(lock).tryAcquire(PATIENCE)).as(lock).isPresent();
            }
        }
        eventually(() -> number(database.address(), "SELECT count(*) FROM latchkey.locks") == 0);
    }

    /** What a client decided when it connected holds: its leases wait for no disk and for no standby. */
    @Test
    void synchronousStandbyThatStandsStill_clientsThatConnectedBeforeItWasSynchronous_goOn() throws Exception {
        try (Latchkey client = client(url, "client", TIMEOUT_MS).connect();
                Latchkey other = client(url, "other", TIMEOUT_MS).connect()) {
            standby.makeSynchronous();
            standby.server().pause();
            Lease lease = client.lock("job").acquire();
            CompletableFuture<Lease> waiter = other.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            assertThat(lease.release()).isTrue();
            granted(waiter).close();
            // A timed lease is for everybody to rely on, so it waits.
            assertThatThrownBy(() -> client.lock("nightly").tryAcquireTimed(LONG))
                    .isInstanceOf(DatabaseUnavailableException.class);
            standby.server().resume();
            eventually(() -> other.lock("nightly").tryAcquireTimed(LONG).isPresent());
        }
    }

    /** The operator's way out of the same. */
    @Test
    void synchronousStandbyThatStandsStill_andIsNotWaitedForAnyMore_releasesTheCalls() throws Exception {
        standby.makeSynchronous();
        try (Latchkey client = client(url, "client", TIMEOUT_MS).connect()) {
            standby.server().pause();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            eventually(() ->
                    number(database.address(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
                            > 0);
            standby.makeAsynchronous();
            granted(waiter).close();
            assertThat(client.lock("job").tryAcquire(PATIENCE)).isPresent();
        }
    }
}
