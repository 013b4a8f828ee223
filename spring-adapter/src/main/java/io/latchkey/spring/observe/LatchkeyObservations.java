package io.latchkey.spring.observe;

import io.latchkey.spi.Attempt;
import io.latchkey.spi.LatchkeyEvents;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;

/**
 * Observes each call for a lock as {@code latchkey.acquisition}, for tracing: a child of what the calling thread does, from the
 * call to the grant. Its {@code outcome} is {@code granted} at once, {@code waited} for, {@code refused} or {@code failed}; the
 * name of the lock and the fencing token go into the trace and into no meter. Give it to
 * {@link io.latchkey.LatchkeyBuilder#events}. Thread-safe.
 *
 * @param registry where it is observed
 */
public record LatchkeyObservations(ObservationRegistry registry) implements LatchkeyEvents {
    @Override
    public Attempt acquiring(String lock) {
        Observation observation = Observation.createNotStarted("latchkey.acquisition", registry)
                .contextualName("latchkey acquire")
                .lowCardinalityKeyValue("outcome", "unknown")
                .highCardinalityKeyValue("lock", lock)
                .start();
        return observation.isNoop() ? Attempt.UNOBSERVED : new Observed(observation);
    }

    private record Observed(Observation observation) implements Attempt {
        @Override
        public void granted(long fencingToken, boolean queued) {
            observation.highCardinalityKeyValue("fencing.token", Long.toString(fencingToken));
            stop(queued ? "waited" : "granted");
        }

        @Override
        public void refused() {
            stop("refused");
        }

        @Override
        public void failed(Throwable error) {
            observation.error(error);
            stop("failed");
        }

        private void stop(String outcome) {
            observation.lowCardinalityKeyValue("outcome", outcome);
            observation.stop();
        }
    }
}
