package io.latchkey.spring.observe;

import io.latchkey.Latchkey;
import io.latchkey.SessionState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * What a client has and does at the moment, by its own knowledge: {@code latchkey.leases}, {@code latchkey.waiting},
 * {@code latchkey.connected} (1, or 0 while renewals are overdue) and {@code latchkey.polling} (1 where notifications do not arrive).
 *
 * @param latchkey the client
 */
public record LatchkeyGauges(Latchkey latchkey) implements MeterBinder {
    @Override
    public void bindTo(MeterRegistry registry) {
        Gauge.builder("latchkey.leases", latchkey, client -> client.leases().size())
                .description("Leases that this instance holds")
                .register(registry);
        Gauge.builder("latchkey.waiting", latchkey, Latchkey::waitingCalls)
                .description("Calls of this instance that wait for a lock")
                .register(registry);
        Gauge.builder("latchkey.connected", latchkey, LatchkeyGauges::connected)
                .description("Whether the session is renewed in time")
                .register(registry);
        Gauge.builder("latchkey.polling", latchkey, client -> client.isPolling() ? 1 : 0)
                .description("Whether notifications do not arrive, so that this instance polls while it waits")
                .register(registry);
    }

    private static int connected(Latchkey client) {
        SessionState state = client.state();
        return state == SessionState.CONNECTED || state == SessionState.RECONNECTED ? 1 : 0;
    }
}
