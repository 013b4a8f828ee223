package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.latchkey.Inspection;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.Lease;
import io.latchkey.LeaseTime;
import io.latchkey.LocalLease;
import io.latchkey.SchemaException;
import io.latchkey.SchemaMode;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a client shows of all clients, and of itself. */
class InspectTest {
    @RegisterExtension
    final PostgresExtension postgres = new PostgresExtension();

    private Latchkey ann;
    private Latchkey ben;

    @BeforeEach
    void connect() {
        ann = client("ann");
        ben = client("ben");
    }

    @AfterEach
    void close() {
        ben.close();
        ann.close();
    }

    private Latchkey client(String name) {
        return Latchkey.builder(postgres.database().url()).holder(name).connect();
    }

    @Test
    void inspect_showsLocksWaitersAndSessions_ofAllClients() throws Exception {
        try (Lease lease = ann.lock("orders/42").acquire();
                Lease timed = ann.lock("report")
                        .tryAcquireTimed(LeaseTime.atMost(Duration.ofMinutes(1)))
                        .orElseThrow()) {
            CompletableFuture<Lease> later = ben.lock("orders/42").acquireAsync();
            await().until(() -> ben.inspect(10).waiters().total() == 1);

            Inspection seen = ben.inspect(10);
            assertThat(seen.locks().rows())
                    .extracting(Inspection.HeldLock::name)
                    .containsExactly("orders/42", "report"); // the one that is waited for first
            Inspection.HeldLock first = seen.locks().rows().get(0);
            assertThat(first.holder()).isEqualTo("ann");
            assertThat(first.fencingToken()).isEqualTo(lease.fencingToken());
            assertThat(first.waiting()).isEqualTo(1);
            assertThat(first.timed()).isFalse();
            assertThat(first.since()).isBeforeOrEqualTo(seen.at());
            assertThat(first.until()).isAfter(seen.at());
            Inspection.HeldLock second = seen.locks().rows().get(1);
            assertThat(second.timed()).isTrue();
            assertThat(second.fencingToken()).isEqualTo(timed.fencingToken());

            Inspection.Waiter waiter = seen.waiters().rows().get(0);
            assertThat(waiter)
                    .extracting("name", "place", "waiter", "heldBy")
                    .containsExactly("orders/42", 1L, "ben", "ann");
            assertThat(seen.sessions().rows())
                    .extracting(Inspection.Session::holder)
                    .containsExactly("ann", "ben");
            assertThat(seen.sessions().rows())
                    .extracting(Inspection.Session::timeout)
                    .containsOnly(Duration.ofSeconds(15));
            assertThat(ben.waitingCalls()).isEqualTo(1);
            assertThat(later.cancel(false)).isTrue();
        }
        await().untilAsserted(() -> assertThat(ann.inspect(10).locks().rows()).isEmpty());
        assertThat(ben.waitingCalls()).isZero();
    }

    @Test
    void inspect_showsReadersPermitsAndLeaders() throws Exception {
        try (Lease read = ann.readWriteLock("catalogue").readLock().acquire();
                Lease permits = ann.semaphore("imports", 5).acquire(4);
                LeaderElection first = ann.election("billing", "ann-1");
                LeaderElection second = ben.election("billing", "ben-1")) {
            first.setMetadata("web-1");
            first.campaign();
            Leadership term = first.await();
            second.campaign();
            CompletableFuture<Lease> writer =
                    ben.readWriteLock("catalogue").writeLock().acquireAsync();
            CompletableFuture<Lease> importer = ben.semaphore("imports", 5).acquireAsync(3);
            await().until(() -> ben.inspect(10).waiters().total() == 3);

            Inspection seen = ben.inspect(10);
            assertThat(seen.locks().rows())
                    .extracting("name", "fencingToken", "mode", "permits", "waiting")
                    .containsExactlyInAnyOrder(
                            tuple("catalogue", read.fencingToken(), Inspection.Mode.SHARED, 0, 1L),
                            tuple("imports", permits.fencingToken(), Inspection.Mode.PERMITS, 4, 1L),
                            tuple("billing", term.term(), Inspection.Mode.EXCLUSIVE, 0, 1L));
            assertThat(seen.waiters().rows())
                    .extracting("name", "waiter", "mode", "permits")
                    .containsExactlyInAnyOrder(
                            tuple("catalogue", "ben", Inspection.Mode.EXCLUSIVE, 0),
                            tuple("imports", "ben", Inspection.Mode.PERMITS, 3),
                            tuple("billing", "ben", Inspection.Mode.EXCLUSIVE, 0));
            assertThat(seen.leaders().rows())
                    .extracting("election", "id", "holder", "metadata", "term", "waiting")
                    .containsExactly(tuple("billing", "ann-1", "ann", "web-1", term.term(), 1L));
            assertThat(seen.semaphores().rows()).containsExactly(new Inspection.Semaphore("imports", 5, 4, 1));
            assertThat(seen.semaphores().total()).isEqualTo(1);
            assertThat(seen.leaders().rows().get(0).since()).isBeforeOrEqualTo(seen.at());
            assertThat(writer.cancel(false)).isTrue();
            assertThat(importer.cancel(false)).isTrue();
        }
    }

    @Test
    void inspect_withMoreThanTheLimit_tellsHowManyThereAre() {
        List<Lease> leases = IntStream.range(0, 7)
                .mapToObj(i -> ann.lock("lock-" + i).tryAcquire().orElseThrow())
                .collect(Collectors.toList());
        Inspection seen = ben.inspect(3);
        assertThat(seen.locks().rows()).hasSize(3);
        assertThat(seen.locks().total()).isEqualTo(7);
        leases.forEach(Lease::release);
    }

    @Test
    void leases_nameTheThreadThatAskedFor() throws Exception {
        Lease held = ann.lock("busy").acquire();
        CompletableFuture<LocalLease> seen = new CompletableFuture<>();
        Thread worker = new Thread(
                () -> {
                    try (Lease lease = ben.lock("busy").acquire()) { // granted on another thread, by a notification
                        seen.complete(ben.leases().get(0));
                        assertThat(lease.isValid()).isTrue();
                    } catch (InterruptedException e) {
                        seen.completeExceptionally(e);
                    }
                },
                "worker-7");
        worker.start();
        await().until(() -> ben.waitingCalls() == 1);
        held.release();
        LocalLease lease = seen.get();
        assertThat(lease.lock()).isEqualTo("busy");
        assertThat(lease.thread()).isEqualTo("worker-7");
        assertThat(lease.remaining()).isPositive();
        assertThat(lease.held()).isGreaterThanOrEqualTo(Duration.ZERO);
        worker.join();
        assertThat(ben.leases()).isEmpty();
    }

    @Test
    void inspect_byRoleThatMayNotSeeTheViews_saysWhatToRun() {
        var role = postgres.database().createRole();
        postgres.database()
                .execute("GRANT USAGE ON SCHEMA latchkey TO " + role.name()
                        + "; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA latchkey TO " + role.name());
        String url = postgres.database().address().withUser(role).url();
        try (Latchkey blind = Latchkey.builder(url).schema(SchemaMode.CHECK).connect()) {
            assertThatThrownBy(() -> blind.inspect(10))
                    .isInstanceOf(SchemaException.class)
                    .hasMessageContaining("latchkey.grant_to");
            assertThat(blind.lock("works").tryAcquire()).isPresent();
        }
    }

    @Test
    void limit_outsideItsRange_isRefused() {
        assertThatThrownBy(() -> ann.inspect(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ann.inspect(10_001)).isInstanceOf(IllegalArgumentException.class);
    }
}
