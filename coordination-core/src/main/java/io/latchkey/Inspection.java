package io.latchkey;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the database shows of all clients, not only of this one: the views {@code latchkey.locks}, {@code latchkey.waiters},
 * {@code latchkey.semaphores}, {@code latchkey.leaders} and {@code latchkey.sessions}. For people and dashboards; it is over as
 * soon as it is read, so decide nothing by it. All times are those of the database's clock: subtract them from {@code at}, not
 * from the clock of this machine.
 *
 * @param at when it was read
 * @param locks who holds what: first what most wait for, then what is held longest
 * @param waiters who waits for what: first who waits longest
 * @param semaphores how much of them is in use: first those that most wait for, then those that are used most
 * @param leaders who leads what: first who has led longest
 * @param sessions the live clients, by their public names: first the oldest
 */
public record Inspection(
        Instant at,
        Rows<HeldLock> locks,
        Rows<Waiter> waiters,
        Rows<Semaphore> semaphores,
        Rows<Leader> leaders,
        Rows<Session> sessions) {

    /** How a lock is held or asked for. */
    public enum Mode {
        /** By one alone: a lock, the write side of a read-write lock, an election. */
        EXCLUSIVE,
        /** With others: the read side of a read-write lock. */
        SHARED,
        /** Some of the permits of a semaphore. */
        PERMITS
    }

    /**
     * The first rows of a view.
     *
     * @param <T> what a row is
     * @param rows as many as were asked for
     * @param total how many there are
     */
    public record Rows<T>(List<T> rows, long total) {
        /** Keeps a copy. */
        public Rows {
            rows = List.copyOf(rows);
        }
    }

    /**
     * A lock that is held. One that is held by several, as readers or with permits, is there once for each of them.
     *
     * @param name its name, as the application gave it
     * @param holder the public name of the client that has it
     * @param fencingToken the number of the grant
     * @param timed whether the lease has an end of its own, and not that of its client's session
     * @param mode how it is held
     * @param permits how many permits, if it is held by permits; else 0
     * @param since when it was granted
     * @param until when it ends, unless it is prolonged
     * @param waiting how many wait for it
     */
    public record HeldLock(
            String name,
            @Nullable String holder,
            long fencingToken,
            boolean timed,
            Mode mode,
            int permits,
            Instant since,
            Instant until,
            long waiting) {}

    /**
     * A call that waits.
     *
     * @param name the lock it waits for
     * @param place 1 for the one that is next
     * @param waiter the public name of its client
     * @param mode how it asks for it
     * @param permits how many permits it asks for, if it asks for permits; else 0
     * @param since when it queued
     * @param heldBy who has the lock now, or null for nobody
     */
    public record Waiter(
            String name,
            long place,
            String waiter,
            Mode mode,
            int permits,
            Instant since,
            @Nullable String heldBy) {}

    /**
     * A semaphore that somebody has used. Who has its permits stands among the locks.
     *
     * @param name its name
     * @param permits how many permits it has
     * @param inUse how many of them are taken; more than there are, if their number was lowered meanwhile
     * @param waiting how many callers wait
     */
    public record Semaphore(String name, int permits, long inUse, long waiting) {}

    /**
     * The leader of an election.
     *
     * @param election its name
     * @param id the leader, as it names itself in the election
     * @param holder the public name of its client
     * @param metadata what it says of itself, empty if nothing
     * @param term the number of its term
     * @param since when it was elected
     * @param waiting how many candidates wait for their turn
     */
    public record Leader(
            String election, String id, String holder, String metadata, long term, Instant since, long waiting) {}

    /**
     * A client.
     *
     * @param holder its public name
     * @param openedAt when its session began
     * @param renewedAt when it was last heard of
     * @param expiresAt when its leases end, unless it is heard of again
     * @param timeout how long that is from a renewal on
     */
    public record Session(String holder, Instant openedAt, Instant renewedAt, Instant expiresAt, Duration timeout) {}
}
