package io.latchkey.elections;

import static org.awaitility.Awaitility.await;

import io.latchkey.ElectionListener;
import io.latchkey.Leadership;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Remembers what a listener heard. */
final class Heard implements ElectionListener {
    private final List<String> events = new ArrayList<>();

    @Override
    public synchronized void elected(Leadership leadership) {
        events.add("elected " + leadership.term());
    }

    @Override
    public synchronized void resigned(long term) {
        events.add("resigned " + term);
    }

    @Override
    public synchronized void lost(long term) {
        events.add("lost " + term);
    }

    synchronized List<String> events() {
        return List.copyOf(events);
    }

    /** Waits until there are so many. */
    List<String> awaitEvents(int count) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> events().size() >= count);
        return events();
    }
}
