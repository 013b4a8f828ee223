package io.latchkey.examples;

import io.latchkey.Latchkey;
import io.latchkey.LeaseTime;
import io.latchkey.TimedLease;
import java.time.Duration;
import java.util.Optional;

/** A job that runs once per period, whoever comes first: its lease has a time of its own and survives this JVM. */
public final class ScheduledJobMain {
    private ScheduledJobMain() {}

    /**
     * Runs the job, unless it has just run elsewhere.
     *
     * @param arguments a JDBC URL
     */
    public static void main(String[] arguments) {
        LeaseTime time = LeaseTime.atMost(Duration.ofMinutes(10)).atLeast(Duration.ofSeconds(2));
        try (Latchkey latchkey = Latchkey.connect(arguments[0])) {
            Optional<TimedLease> mine = latchkey.lock("nightly-report").tryAcquireTimed(time);
            if (mine.isEmpty()) {
                System.out.println("Runs elsewhere, or ran a moment ago");
                return;
            }
            try (TimedLease lease = mine.get()) {
                System.out.println("My turn, for at most " + lease.remaining().toSeconds() + " s");
            } // released, but taken until the two seconds are over
        }
    }
}
