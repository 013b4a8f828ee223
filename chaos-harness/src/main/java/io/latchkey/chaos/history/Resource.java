package io.latchkey.chaos.history;

import java.util.List;
import java.util.stream.Stream;

/**
 * Something that the workers fight for.
 *
 * @param id how files name it
 * @param name the name of the lock
 * @param permits how many permits it has, 0 if it is no semaphore
 */
public record Resource(int id, String name, int permits) {
    private static final int FIRST_OWN = 1_000;
    private static final int FIRST_RELAY = 5_000;
    private static final int RELAYS = 1_000;
    private static final int OWN_PER_WORKER = 100;

    public static final List<Resource> MUTEXES = List.of(
            new Resource(1, "mutex one", 0), new Resource(2, "mutex two", 0), new Resource(3, "mutex three", 0));
    public static final List<Resource> TIMED = List.of(new Resource(11, "job one", 0), new Resource(12, "job two", 0));
    public static final List<Resource> READ_WRITE =
            List.of(new Resource(21, "document one", 0), new Resource(22, "document two", 0));
    public static final List<Resource> SEMAPHORES = List.of(new Resource(31, "pool", 4));
    public static final List<Resource> ELECTIONS = List.of(new Resource(41, "office", 0));

    public static final List<Resource> VAULTS =
            List.of(new Resource(51, "vault one", 0), new Resource(52, "vault two", 0));

    /** All that workers share. */
    public static List<Resource> shared() {
        return Stream.of(MUTEXES, TIMED, READ_WRITE, SEMAPHORES, ELECTIONS, VAULTS)
                .flatMap(List::stream)
                .toList();
    }

    /** One that only this thread of this worker asks for. */
    public static Resource own(int worker, int thread) {
        return new Resource(FIRST_OWN + worker * OWN_PER_WORKER + thread, "own " + worker + "/" + thread, 0);
    }

    /** One that all workers ask for at the same moment, once each, and then nobody for a long time. */
    public static Resource relay(long number) {
        int place = (int) (number % RELAYS);
        return new Resource(FIRST_RELAY + place, "relay " + place, 0);
    }

    /** By its id. */
    public static Resource of(int id) {
        if (id >= FIRST_RELAY) {
            return relay(id - FIRST_RELAY);
        }
        if (id >= FIRST_OWN) {
            return own((id - FIRST_OWN) / OWN_PER_WORKER, (id - FIRST_OWN) % OWN_PER_WORKER);
        }
        return shared().stream()
                .filter(resource -> resource.id == id)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no resource " + id));
    }

    @Override
    public String toString() {
        return "'" + name + "'";
    }
}
