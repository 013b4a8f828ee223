package io.latchkey.shedlock;

import io.latchkey.Latchkey;
import io.latchkey.testkit.ParentChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.jspecify.annotations.Nullable;

/**
 * A process with a lock provider. Argument: URL. Lines it understands: {@code lock NAME AT_MOST_MS AT_LEAST_MS}, {@code unlock},
 * {@code extend AT_MOST_MS}, {@code valid}, {@code clock}.
 */
final class JobWorker {
    private JobWorker() {}

    public static void main(String[] args) throws InterruptedException {
        ParentChannel parent = ParentChannel.open();
        try (Latchkey latchkey = Latchkey.connect(args[0])) {
            LatchkeyLockProvider provider = new LatchkeyLockProvider(latchkey);
            parent.send("ready");
            @Nullable SimpleLock lock = null;
            while (true) {
                String[] words = parent.receive().split(" ");
                if (words[0].equals("lock")) {
                    Optional<SimpleLock> taken = provider.lock(
                            new LockConfiguration(Instant.now(), words[1], millis(words[2]), millis(words[3])));
                    lock = taken.orElse(lock);
                    parent.send("locked " + taken.isPresent());
                } else if (words[0].equals("clock")) {
                    parent.send("clock " + System.currentTimeMillis());
                } else if (words[0].equals("valid")) {
                    parent.send("valid " + LatchkeyLock.current().isValid());
                } else if (lock != null && words[0].equals("extend")) {
                    Optional<SimpleLock> longer = lock.extend(millis(words[1]), Duration.ZERO);
                    lock = longer.orElse(lock);
                    parent.send("extended " + longer.isPresent());
                } else if (lock != null && words[0].equals("unlock")) {
                    lock.unlock();
                    parent.send("unlocked");
                }
            }
        }
    }

    private static Duration millis(String text) {
        return Duration.ofMillis(Long.parseLong(text));
    }
}
