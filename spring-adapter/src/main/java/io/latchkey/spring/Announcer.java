package io.latchkey.spring;

import java.lang.System.Logger.Level;
import org.jspecify.annotations.Nullable;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.event.LeaderEventPublisher;

/** Publishes what happens to a candidate. A listener that fails ends no leadership. */
record Announcer(Object source, @Nullable LeaderEventPublisher publisher, String role, boolean tellsFailures) {
    private static final System.Logger LOG = System.getLogger("io.latchkey.spring");

    private interface Event {
        void publish(LeaderEventPublisher publisher);
    }

    void granted(Context context) {
        tell(to -> to.publishOnGranted(source, context, role));
    }

    void revoked(Context context) {
        tell(to -> to.publishOnRevoked(source, context, role));
    }

    void failedToAcquire() {
        if (tellsFailures) {
            tell(to -> to.publishOnFailedToAcquire(source, () -> false, role));
        }
    }

    private void tell(Event event) {
        if (publisher == null) {
            return;
        }
        try {
            event.publish(publisher);
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "a listener for the leader of '" + role + "' failed", e);
        }
    }
}
