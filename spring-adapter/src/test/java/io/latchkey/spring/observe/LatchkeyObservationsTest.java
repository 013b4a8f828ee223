package io.latchkey.spring.observe;

import static io.micrometer.observation.tck.TestObservationRegistryAssert.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import io.micrometer.observation.Observation;
import io.micrometer.observation.tck.TestObservationRegistry;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LatchkeyObservationsTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final TestObservationRegistry registry = TestObservationRegistry.create();
    private Latchkey observed;
    private Latchkey other;

    @BeforeEach
    void connect() {
        observed = Latchkey.builder(POSTGRES.database().url())
                .events(new LatchkeyObservations(registry))
                .connect();
        other = Latchkey.connect(POSTGRES.database().url());
    }

    @AfterEach
    void close() {
        observed.close();
        other.close();
    }

    @Test
    void acquire_isObserved_asPartOfWhatTheThreadDoes() throws Exception {
        Observation parent = Observation.start("request", registry);
        Lease lease;
        try (Observation.Scope scope = parent.openScope()) {
            lease = observed.lock("orders/42").acquire();
            assertThat(registry.getCurrentObservation()).isSameAs(parent);
        }
        parent.stop();
        assertThat(registry)
                .hasObservationWithNameEqualTo("latchkey.acquisition")
                .that()
                .hasBeenStarted()
                .hasBeenStopped()
                .hasContextualNameEqualTo("latchkey acquire")
                .hasLowCardinalityKeyValue("outcome", "granted")
                .hasHighCardinalityKeyValue("lock", "orders/42")
                .hasHighCardinalityKeyValue("fencing.token", Long.toString(lease.fencingToken()))
                .hasParentObservationEqualTo(parent);
        lease.release();
    }

    @Test
    void acquire_thatWaited_isObservedUntilItsGrant() throws Exception {
        Lease held = other.lock("a").acquire();
        CompletableFuture<Lease> later = observed.lock("a").acquireAsync();
        await().until(() -> observed.inspect(1).waiters().total() == 1);
        assertThat(registry)
                .hasObservationWithNameEqualTo("latchkey.acquisition")
                .that()
                .isNotStopped();
        held.release();
        later.get().release();
        // Whoever waits for the future may be told before the observation is.
        await().untilAsserted(() -> assertThat(registry)
                .hasObservationWithNameEqualTo("latchkey.acquisition")
                .that()
                .hasBeenStopped()
                .hasLowCardinalityKeyValue("outcome", "waited"));
    }

    @Test
    void acquire_thatIsRefused_isNoError() throws Exception {
        try (Lease held = other.lock("a").acquire()) {
            assertThat(observed.lock("a").tryAcquire()).isEmpty();
            assertThat(held.isValid()).isTrue();
        }
        assertThat(registry)
                .hasObservationWithNameEqualTo("latchkey.acquisition")
                .that()
                .hasBeenStopped()
                .doesNotHaveError()
                .hasLowCardinalityKeyValue("outcome", "refused");
    }

    @Test
    void acquire_thatFails_isAnError() throws Exception {
        try (Lease held = other.lock("a").acquire()) {
            CompletableFuture<Lease> never = observed.lock("a").acquireAsync();
            observed.close();
            await().until(never::isCompletedExceptionally);
            assertThat(held.isValid()).isTrue();
        }
        await().untilAsserted(() -> assertThat(registry)
                .hasObservationWithNameEqualTo("latchkey.acquisition")
                .that()
                .hasBeenStopped()
                .hasError()
                .hasLowCardinalityKeyValue("outcome", "failed"));
    }
}
