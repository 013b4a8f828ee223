package io.latchkey.examples;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import java.time.Duration;
import java.util.Optional;

/** One holder at a time, in the order of asking. Start it twice with the same URL, and the second waits for the first. */
public final class LockMain {
    private LockMain() {}

    /**
     * Takes a lock, works, gives it back.
     *
     * @param arguments a JDBC URL, such as {@code jdbc:postgresql://localhost/app?user=app}
     */
    public static void main(String[] arguments) throws InterruptedException {
        try (Latchkey latchkey = Latchkey.connect(arguments[0])) {
            try (Lease lease = latchkey.lock("orders/42").acquire()) {
                System.out.println("I have it, token " + lease.fencingToken() + ", for " + lease.remaining());

                // Leases are not re-entrant: whoever asks again waits like anybody else.
                Optional<Lease> second = latchkey.lock("orders/42").tryAcquire(Duration.ofMillis(100));
                System.out.println("A second one: " + second.isPresent());
            }
        }
    }
}
