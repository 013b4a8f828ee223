package io.latchkey.spring.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.Lease;
import io.latchkey.testkit.PostgresExtension;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LatchkeyMetersTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

    private static Latchkey client(UnaryOperator<LatchkeyBuilder> how) {
        return how.apply(Latchkey.builder(POSTGRES.database().url())).connect();
    }

    @Test
    void meters_existBeforeAnythingHappens() {
        LatchkeyMeters meters = new LatchkeyMeters(registry, null);
        assertThat(registry.getMeters().stream().map(Meter::getId).map(Meter.Id::getName))
                .contains(
                        "latchkey.acquire",
                        "latchkey.hold",
                        "latchkey.handovers",
                        "latchkey.lost",
                        "latchkey.renewal",
                        "latchkey.renewal.failures",
                        "latchkey.wakeups.missed",
                        "latchkey.resumes");
        assertThat(meters).isNotNull();
    }

    @Test
    void meters_countWhatHappens() throws Exception {
        LatchkeyMeters meters = new LatchkeyMeters(registry, null);
        try (Latchkey measured = client(builder -> builder.events(meters).sessionTimeout(Duration.ofSeconds(3)));
                Latchkey other = client(builder -> builder)) {
            new LatchkeyGauges(measured).bindTo(registry);
            Lease lease = measured.lock("a").acquire();
            assertThat(registry.get("latchkey.leases").gauge().value()).isEqualTo(1);
            CompletableFuture<Lease> next = other.lock("a").acquireAsync();
            await().until(() -> measured.inspect(1).waiters().total() == 1);
            lease.release();
            Lease others = next.get();
            assertThat(measured.lock("a").tryAcquire()).isEmpty();
            CompletableFuture<Lease> later = measured.lock("a").acquireAsync();
            await().until(() -> registry.get("latchkey.waiting").gauge().value() == 1);
            others.release();
            later.get().release();
            await().until(() -> registry.get("latchkey.renewal").timer().count() > 0);

            assertThat(acquired("granted")).isEqualTo(1);
            assertThat(acquired("waited")).isEqualTo(1);
            assertThat(acquired("refused")).isEqualTo(1);
            assertThat(registry.get("latchkey.hold").timer().count()).isEqualTo(2);
            assertThat(registry.get("latchkey.handovers").counter().count()).isEqualTo(1);
            assertThat(registry.get("latchkey.lost").counter().count()).isZero();
            assertThat(registry.get("latchkey.connected").gauge().value()).isEqualTo(1);
            assertThat(registry.get("latchkey.polling").gauge().value()).isZero();
            assertThat(registry.get("latchkey.leases").gauge().value()).isZero();
        }
    }

    private long acquired(String outcome) {
        return registry.get("latchkey.acquire").tag("outcome", outcome).timer().count();
    }

    @Test
    void lostLease_isCounted() throws Exception {
        LatchkeyMeters meters = new LatchkeyMeters(registry, null);
        try (Latchkey measured = client(builder -> builder.events(meters).sessionTimeout(Duration.ofSeconds(3)))) {
            measured.lock("doomed").acquire();
            POSTGRES.database().execute("DELETE FROM latchkey._session");
            measured.lock("nudge").tryAcquire(); // sooner than its next renewal
            await().until(() -> registry.get("latchkey.lost").counter().count() == 1);
        }
    }

    @Test
    void manyLocks_makeNoMoreMeters() {
        LatchkeyMeters meters = new LatchkeyMeters(registry, null);
        int before = registry.getMeters().size();
        use(meters, 1_000);
        assertThat(registry.getMeters()).hasSize(before);
    }

    @Test
    void manyLocks_withTheirNamesAsTags_makeAsManyMetersAsAreAllowed() {
        use(new LatchkeyMeters(registry, ((LockTag) lock -> lock).limitedTo(10)), 1_000);
        assertThat(registry.find("latchkey.hold").timers()).hasSize(11); // and "other"
        assertThat(registry.get("latchkey.hold").tag("lock", "other").timer().count())
                .isEqualTo(990);
    }

    @Test
    void manyLocks_withoutTheLimit_wouldMakeAMeterEach() { // what the limit is for
        use(new LatchkeyMeters(registry, lock -> lock), 1_000);
        assertThat(registry.find("latchkey.hold").timers()).hasSize(1_000);
    }

    private static void use(LatchkeyMeters meters, int locks) {
        for (int i = 0; i < locks; i++) {
            meters.acquired("orders/" + i, Duration.ofMillis(1), false);
            meters.released("orders/" + i, Duration.ofMillis(1), false);
        }
    }

    @Test
    void group_isWhatStandsBeforeTheFirstSeparator() {
        assertThat(LockTag.group("").of("orders/42/items")).isEqualTo("orders");
        assertThat(LockTag.group("").of("order:42")).isEqualTo("order");
        assertThat(LockTag.group("").of("billing")).isEqualTo("billing");
        assertThat(LockTag.group("shop").of("shop/orders/42")).isEqualTo("orders");
        assertThat(LockTag.group("shop").of("a")).isEqualTo("a");
        assertThat(LockTag.group("shop").of("shop/")).isEqualTo("shop/");
    }

    @Test
    void group_makesOneMeterOfAllItsLocks() {
        use(new LatchkeyMeters(registry, LockTag.group("").limitedTo(10)), 50);
        assertThat(registry.get("latchkey.hold").tag("lock", "orders").timer().count())
                .isEqualTo(50);
        assertThat(registry.get("latchkey.hold").tag("lock", "orders").timer().totalTime(TimeUnit.MILLISECONDS))
                .isEqualTo(50);
    }
}
