package io.latchkey.chaos.faults;

import io.latchkey.testkit.FakeClock;
import java.time.Duration;

/**
 * The clock of all servers of a run. It may go back, and then forward to what it has never shown. For one thread.
 *
 * <p>It begins weeks behind the machine's and stays behind it: libfaketime shows the machine's time to a signal handler that interrupts
 * a wait, and PostgreSQL's handler of SIGALRM would conclude from a clock that is behind its own that nothing is due yet, and let no
 * dead-lock be found and no time-out end.
 */
final class ServerClock {
    private static final Duration BEGIN = Duration.ofDays(-60);

    private final FakeClock fake = FakeClock.create();
    private Duration offset = BEGIN;

    ServerClock() {
        fake.set(offset);
        fake.setSeenToJump(false);
    }

    FakeClock fake() {
        return fake;
    }

    /** Whether a server that starts from now on will see {@link #back}. What it costs: {@link FakeClock#setSeenToJump}. */
    void setSeenToJump(boolean seen) {
        fake.setSeenToJump(seen);
    }

    /** Behind what it has shown, by so much, until {@link #forward}. */
    void back(Duration by) {
        fake.set(offset.minus(by));
    }

    /** Ahead of all that it has shown, by so much. */
    void forward(Duration by) {
        Duration next = offset.plus(by);
        offset = next.isNegative() ? next : offset;
        fake.set(offset);
    }
}
