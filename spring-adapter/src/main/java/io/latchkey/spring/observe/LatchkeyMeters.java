package io.latchkey.spring.observe;

import io.latchkey.spi.LatchkeyEvents;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Measures a client: give it to {@link io.latchkey.LatchkeyBuilder#events}. Each meter exists from the beginning, so that a rate
 * knows its zero, except where a {@link LockTag} makes one for each group. Thread-safe.
 *
 * <table>
 *   <caption>Meters</caption>
 *   <tr><td>{@code latchkey.acquire}</td><td>timer: calls for a lock until they were answered, by {@code outcome}: {@code granted}
 *       at once, {@code waited} for, {@code refused}</td></tr>
 *   <tr><td>{@code latchkey.hold}</td><td>timer: from the grant to the release</td></tr>
 *   <tr><td>{@code latchkey.handovers}</td><td>counter: releases that made somebody who waited the holder</td></tr>
 *   <tr><td>{@code latchkey.lost}</td><td>counter: leases lost before they were released</td></tr>
 *   <tr><td>{@code latchkey.renewal}</td><td>timer: round trips of renewals</td></tr>
 *   <tr><td>{@code latchkey.renewal.failures}</td><td>counter: renewals that failed, and were tried again</td></tr>
 *   <tr><td>{@code latchkey.wakeups.missed}</td><td>counter: grants learned of by polling, not by their notification</td></tr>
 *   <tr><td>{@code latchkey.resumes}</td><td>counter: crashes and failovers of the database that this client went through</td></tr>
 * </table>
 */
public final class LatchkeyMeters implements LatchkeyEvents {
    /** From a grant at once to a long wait: half a millisecond to half a minute. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(500_000),
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(20),
        Duration.ofMillis(100),
        Duration.ofMillis(500),
        Duration.ofSeconds(2),
        Duration.ofSeconds(10),
        Duration.ofSeconds(30)
    };

    private final MeterRegistry registry;
    private final @Nullable LockTag tag;

    /**
     * Creates the meters.
     *
     * @param registry where they are kept
     * @param tag which group of locks counts on its own, or null for all together
     */
    public LatchkeyMeters(MeterRegistry registry, @Nullable LockTag tag) {
        this.registry = registry;
        this.tag = tag;
        renewals();
        renewalFailures();
        missed();
        resumes();
        if (tag == null) {
            acquire("", "granted");
            acquire("", "waited");
            acquire("", "refused");
            hold("");
            handOvers("");
            losses("");
        }
    }

    @Override
    public void acquired(String lock, Duration wait, boolean queued) {
        acquire(lock, queued ? "waited" : "granted").record(wait);
    }

    @Override
    public void refused(String lock, Duration wait) {
        acquire(lock, "refused").record(wait);
    }

    @Override
    public void released(String lock, Duration held, boolean handedOver) {
        hold(lock).record(held);
        if (handedOver) {
            handOvers(lock).increment();
        }
    }

    @Override
    public void lost(String lock, long fencingToken) {
        losses(lock).increment();
    }

    @Override
    public void renewed(Duration roundTrip) {
        renewals().record(roundTrip);
    }

    @Override
    public void renewalFailed(Throwable error) {
        renewalFailures().increment();
    }

    @Override
    public void wakeUpMissed(String lock) {
        missed().increment();
    }

    @Override
    public void resumed(int kept, int lost) {
        resumes().increment();
    }

    private Timer acquire(String lock, String outcome) {
        return Timer.builder("latchkey.acquire")
                .description("Calls for a lock, until they were answered")
                .tags(tags(lock).and("outcome", outcome))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Timer hold(String lock) {
        return Timer.builder("latchkey.hold")
                .description("Leases, from the grant to the release")
                .tags(tags(lock))
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    private Counter handOvers(String lock) {
        return Counter.builder("latchkey.handovers")
                .description("Releases that made somebody who waited the holder")
                .tags(tags(lock))
                .register(registry);
    }

    private Counter losses(String lock) {
        return Counter.builder("latchkey.lost")
                .description("Leases that were lost before they were released")
                .tags(tags(lock))
                .register(registry);
    }

    private Timer renewals() {
        return Timer.builder("latchkey.renewal")
                .description("Round trips of the session's renewals")
                .register(registry);
    }

    private Counter renewalFailures() {
        return Counter.builder("latchkey.renewal.failures")
                .description("Renewals that failed and were tried again")
                .register(registry);
    }

    private Counter missed() {
        return Counter.builder("latchkey.wakeups.missed")
                .description("Grants that were learned of by polling and not by their notification")
                .register(registry);
    }

    private Counter resumes() {
        return Counter.builder("latchkey.resumes")
                .description("Crashes and failovers of the database that the client went through")
                .register(registry);
    }

    private Tags tags(String lock) {
        return tag == null ? Tags.empty() : Tags.of("lock", tag.of(lock));
    }
}
