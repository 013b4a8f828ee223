package io.latchkey.locks;

import static io.latchkey.faults.Scene.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.Lockable;
import io.latchkey.TimedLease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Asking a holder to give a lock up. */
@Timeout(60)
final class RevocationTest {
    private static final int TIMEOUT_MS = 6_000;

    private final TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
    private final Latchkey holder =
            Scene.client(database.url(), "holder", TIMEOUT_MS).connect();
    private final Latchkey other =
            Scene.client(database.url(), "other", TIMEOUT_MS).connect();

    @BeforeEach
    void noSpuriousRows() {
        assertThat(Scene.text(database.address(), "SELECT count(*) FROM latchkey._watch"))
                .isEqualTo("0");
    }

    @AfterEach
    void close() {
        holder.close();
        other.close();
        database.close();
    }

    @Test
    void request_isHeardByTheHolder_whoMayGiveItUp() throws Exception {
        Lease lease = holder.lock("job").acquire();
        assertThat(other.lock("job").requestRevocation()).as("nobody listens").isFalse();
        AtomicInteger heard = new AtomicInteger();
        lease.onRevocationRequested(() -> {
            heard.incrementAndGet();
            lease.release();
        });
        assertThat(heard).hasValue(0);
        long asked = System.nanoTime();
        assertThat(other.lock("job").requestRevocation()).isTrue();
        Lease next = other.lock("job").tryAcquire(Scene.PATIENCE).orElseThrow();
        assertThat(Scene.millisSince(asked)).as("by its notification").isLessThan(TIMEOUT_MS / 3);
        assertThat(heard).hasValue(1);
        assertThat(other.lock("job").requestRevocation())
                .as("the next holder does not listen")
                .isFalse();
        eventually(() -> Scene.text(database.address(), "SELECT count(*) FROM latchkey._watch")
                .equals("0"));
        next.close();
        assertThat(other.lock("job").requestRevocation()).as("nobody holds it").isFalse();
    }

    @Test
    void everyAction_runsOnce_andLateOnesAtOnce() throws Exception {
        Lease lease = holder.lock("job").acquire();
        AtomicInteger first = new AtomicInteger();
        AtomicInteger second = new AtomicInteger();
        lease.onRevocationRequested(first::incrementAndGet);
        assertThat(other.lock("job").requestRevocation()).isTrue();
        assertThat(other.lock("job").requestRevocation()).as("again").isTrue();
        await().until(() -> first.get() == 1);
        lease.onRevocationRequested(second::incrementAndGet);
        await().until(() -> second.get() == 1);
        assertThat(lease.isValid()).as("it is up to the holder").isTrue();
        assertThat(first).hasValue(1);
    }

    @Test
    void notificationThatIsLost_isMadeUpForByTheNextRenewal() throws Exception {
        Lease lease = holder.lock("job").acquire();
        AtomicInteger heard = new AtomicInteger();
        lease.onRevocationRequested(heard::incrementAndGet);
        database.execute(
                "CREATE OR REPLACE FUNCTION latchkey._notify_watchers(p_name text, p_token bigint) RETURNS void LANGUAGE plpgsql"
                        + " AS $$ BEGIN END $$");
        assertThat(other.lock("job").requestRevocation()).isTrue();
        long asked = System.nanoTime();
        eventually(() -> heard.get() == 1);
        assertThat(Scene.millisSince(asked)).isLessThan(TIMEOUT_MS / 3 + 500);
    }

    @Test
    void notificationThatIsForged_changesNothing() throws Exception {
        Lease lease = holder.lock("job").acquire();
        AtomicInteger heard = new AtomicInteger();
        lease.onRevocationRequested(heard::incrementAndGet);
        String channel =
                Scene.text(database.address(), "SELECT channel FROM latchkey._session WHERE holder = 'holder'");
        String genuine = Scene.text(database.address(), "SELECT to_hex(request) || ' look' FROM latchkey._watch");
        for (String payload : new String[] {"look", "1 look", "x look", genuine}) {
            database.execute("SELECT pg_notify('" + channel + "', '" + payload + "')");
        }
        await().during(Duration.ofMillis(300)).until(() -> heard.get() == 0);
    }

    @Test
    void crashOfTheDatabase_isOutlived() throws Exception {
        Lease lease = holder.lock("job").acquire();
        AtomicInteger heard = new AtomicInteger();
        lease.onRevocationRequested(heard::incrementAndGet);
        Scene.loseUnlogged(database);
        eventually(() -> other.lock("job").requestRevocation());
        eventually(() -> heard.get() == 1);
        assertThat(lease.isValid()).isTrue();
    }

    @Test
    void timedLeasesAndLeaders_canBeAskedToo() throws Exception {
        AtomicInteger heard = new AtomicInteger();
        TimedLease lease = holder.lock("timed")
                .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)))
                .orElseThrow();
        lease.onRevocationRequested(heard::incrementAndGet);
        assertThat(other.lock("timed").requestRevocation()).isTrue();
        await().until(() -> heard.get() == 1);
        LeaderElection election = holder.election("leader");
        election.campaign();
        election.await().onRevocationRequested(election::resign);
        LeaderElection next = other.election("leader");
        next.campaign();
        assertThat(other.lock("leader").requestRevocation()).isTrue();
        assertThat(next.await(Scene.PATIENCE)).isPresent();
    }

    @Test
    void thoseWhoShareIt_canBeAskedTogetherOrOneByOne() throws Exception {
        Lease first = holder.readWriteLock("shared").readLock().acquire();
        Lease second = holder.readWriteLock("shared").readLock().acquire();
        AtomicInteger firstHeard = new AtomicInteger();
        AtomicInteger secondHeard = new AtomicInteger();
        first.onRevocationRequested(firstHeard::incrementAndGet);
        second.onRevocationRequested(second::release);
        second.onRevocationRequested(secondHeard::incrementAndGet);
        Lockable write = other.readWriteLock("shared").writeLock();
        assertThat(write.requestRevocation(second.fencingToken())).isTrue();
        await().until(() -> secondHeard.get() == 1 && !second.isValid());
        assertThat(write.requestRevocation(second.fencingToken()))
                .as("it is given back")
                .isFalse();
        assertThat(firstHeard).hasValue(0);
        assertThat(write.requestRevocation()).isTrue();
        await().until(() -> firstHeard.get() == 1);
        first.release();

        Lease permits = holder.semaphore("permits", 3).acquire(2);
        permits.onRevocationRequested(permits::release);
        assertThat(other.semaphore("permits", 3).requestRevocation()).isTrue();
        assertThat(other.semaphore("permits", 3).tryAcquire(3, Scene.PATIENCE)).isPresent();
    }
}
