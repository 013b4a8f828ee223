package io.latchkey.spring.boot;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.ReaperStatus;
import io.latchkey.ServerStatus;
import io.latchkey.SessionState;
import java.time.Duration;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Up while the session is in order and the database answers. A renewal that is overdue is down, although leases are valid still.
 * Who reaps, and when it was done last, is told but decides nothing: locks are right without it.
 */
final class LatchkeyHealthIndicator extends AbstractHealthIndicator {
    private final Latchkey latchkey;

    LatchkeyHealthIndicator(Latchkey latchkey) {
        super("Latchkey health check failed");
        this.latchkey = latchkey;
    }

    @Override
    protected void doHealthCheck(Health.Builder health) {
        SessionState session = latchkey.state();
        health.status(session == SessionState.CONNECTED || session == SessionState.RECONNECTED ? "UP" : "DOWN")
                .withDetail("session", session)
                .withDetail("holder", latchkey.holder())
                .withDetail("wakeUps", latchkey.isPolling() ? "polling" : "notifications");
        try {
            describe(health, latchkey.serverStatus());
        } catch (CoordinationException e) {
            health.down().withDetail("connected", false).withDetail("error", String.valueOf(e.getMessage()));
            return;
        }
        try {
            describe(health, latchkey.reaperStatus());
        } catch (CoordinationException e) { // locks are right without it
            health.withDetail("reaper", "unknown: " + e.getMessage());
        }
    }

    private static void describe(Health.Builder health, ServerStatus server) {
        Duration oldest = server.oldestTransaction();
        health.withDetail("connected", true)
                .withDetail("roundTrip", milliseconds(server.roundTrip()))
                .withDetail("oldestTransaction", oldest == null ? "none that may be seen" : oldest.toSeconds() + " s")
                .withDetail("heldBackTransactions", server.heldBackTransactions())
                .withDetail("notificationQueue", Math.round(server.notificationQueue() * 100) + " %");
        if (!server.graceLeft().isZero()) {
            health.withDetail("gracePeriodLeft", milliseconds(server.graceLeft()));
        }
    }

    private static void describe(Health.Builder health, ReaperStatus reaper) {
        Duration age = reaper.age();
        health.withDetail("reaper", reaper.runBy())
                .withDetail("reaped", age == null ? "never" : milliseconds(age) + " ago");
        if (reaper.obstacle() != null) {
            health.withDetail("reaperObstacle", reaper.obstacle());
        }
    }

    private static String milliseconds(Duration time) {
        return time.toMillis() + " ms";
    }
}
