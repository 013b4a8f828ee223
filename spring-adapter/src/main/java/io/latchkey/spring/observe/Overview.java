package io.latchkey.spring.observe;

import static java.util.stream.Collectors.toMap;

import io.latchkey.Inspection;
import io.latchkey.Latchkey;
import io.latchkey.LocalLease;
import io.latchkey.SessionState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All locks as one instance shows them: what the database knows of every client, and what this one knows of itself. All times
 * are those of the database.
 *
 * @param at when the database was read
 * @param client this instance
 * @param locks who holds what
 * @param waiters who waits for what
 * @param semaphores how much of them is in use
 * @param leaders who leads what
 * @param clients all live clients
 * @param totals how many there are of each, those left out included
 */
public record Overview(
        Instant at,
        Client client,
        List<Lock> locks,
        List<Waiter> waiters,
        List<Semaphore> semaphores,
        List<Leader> leaders,
        List<Session> clients,
        Totals totals) {

    /**
     * This instance.
     *
     * @param holder its public name
     * @param state of its session
     * @param polling whether it polls, because notifications do not arrive
     * @param leases how many it holds
     * @param waiting how many of its calls wait
     */
    public record Client(String holder, SessionState state, boolean polling, int leases, int waiting) {}

    /**
     * A lock that is held.
     *
     * @param name its name
     * @param holder who has it: by default, host and process id
     * @param here whether that is this instance
     * @param thread which thread of this instance asked for it
     * @param fencingToken the number of the grant
     * @param lease {@code session} or {@code timed}
     * @param mode {@code exclusive}, {@code shared} with other readers, or by {@code permits} of a semaphore
     * @param permits how many of those
     * @param since when it was granted
     * @param heldFor how long ago that is
     * @param until when it ends unless it is prolonged
     * @param waiting how many wait for it
     */
    public record Lock(
            String name,
            @Nullable String holder,
            boolean here,
            @Nullable String thread,
            long fencingToken,
            String lease,
            String mode,
            int permits,
            Instant since,
            Duration heldFor,
            Instant until,
            long waiting) {}

    /**
     * A call that waits.
     *
     * @param lock the name of the lock
     * @param place 1 for the one that is next
     * @param waiter who waits
     * @param mode how it asks for the lock, as in {@link Lock}
     * @param permits how many it asks for
     * @param since when it queued
     * @param waitedFor how long ago that is
     * @param heldBy who has the lock
     */
    public record Waiter(
            String lock,
            long place,
            String waiter,
            String mode,
            int permits,
            Instant since,
            Duration waitedFor,
            @Nullable String heldBy) {}

    /**
     * A semaphore. Who has its permits stands among the locks.
     *
     * @param name its name
     * @param permits how many permits it has
     * @param inUse how many of them are taken
     * @param waiting how many calls wait for some
     */
    public record Semaphore(String name, int permits, long inUse, long waiting) {}

    /**
     * The leader of an election.
     *
     * @param election its name
     * @param id the leader, as it names itself
     * @param holder its instance
     * @param metadata what it says of itself, such as its application and host
     * @param here whether that is this instance
     * @param term the number of its term
     * @param since when it was elected
     * @param ledFor how long ago that is
     * @param waiting how many candidates wait for their turn
     */
    public record Leader(
            String election,
            String id,
            String holder,
            String metadata,
            boolean here,
            long term,
            Instant since,
            Duration ledFor,
            long waiting) {}

    /**
     * A client.
     *
     * @param holder its public name
     * @param since when its session began
     * @param renewedAt when it was last heard of
     * @param until when its leases end unless it is heard of again
     * @param timeout its session timeout
     */
    public record Session(String holder, Instant since, Instant renewedAt, Instant until, Duration timeout) {}

    /**
     * How many there are.
     *
     * @param locks that are held
     * @param waiters that wait
     * @param semaphores that were used
     * @param leaders that lead
     * @param clients that live
     */
    public record Totals(long locks, long waiters, long semaphores, long leaders, long clients) {}

    /**
     * Looks.
     *
     * @param limit how many rows of each kind at the most
     * @throws io.latchkey.CoordinationException if the database cannot be read
     */
    public static Overview of(Latchkey latchkey, int limit) {
        List<LocalLease> own = latchkey.leases();
        Inspection seen = latchkey.inspect(limit);
        Instant at = seen.at();
        Map<Grant, String> threads = toThreads(latchkey.leases());
        threads.putAll(toThreads(own)); // what was taken or given back meanwhile is in one of the two
        return new Overview(
                at,
                new Client(
                        latchkey.holder(), latchkey.state(), latchkey.isPolling(), own.size(), latchkey.waitingCalls()),
                seen.locks().rows().stream()
                        .map(lock -> lock(lock, at, threads.get(new Grant(lock.name(), lock.fencingToken()))))
                        .toList(),
                seen.waiters().rows().stream().map(waiter -> waiter(waiter, at)).toList(),
                seen.semaphores().rows().stream().map(Overview::semaphore).toList(),
                seen.leaders().rows().stream()
                        .map(leader -> leader(leader, at, latchkey.holder()))
                        .toList(),
                seen.sessions().rows().stream().map(Overview::session).toList(),
                new Totals(
                        seen.locks().total(),
                        seen.waiters().total(),
                        seen.semaphores().total(),
                        seen.leaders().total(),
                        seen.sessions().total()));
    }

    private record Grant(String lock, long token) {}

    private static Map<Grant, String> toThreads(List<LocalLease> leases) {
        return leases.stream()
                .collect(toMap(
                        lease -> new Grant(lease.lock(), lease.fencingToken()),
                        LocalLease::thread,
                        (one, other) -> one));
    }

    private static Lock lock(Inspection.HeldLock lock, Instant at, @Nullable String thread) {
        return new Lock(
                lock.name(),
                lock.holder(),
                thread != null,
                thread,
                lock.fencingToken(),
                lock.timed() ? "timed" : "session",
                name(lock.mode()),
                lock.permits(),
                lock.since(),
                Duration.between(lock.since(), at),
                lock.until(),
                lock.waiting());
    }

    private static Waiter waiter(Inspection.Waiter waiter, Instant at) {
        return new Waiter(
                waiter.name(),
                waiter.place(),
                waiter.waiter(),
                name(waiter.mode()),
                waiter.permits(),
                waiter.since(),
                Duration.between(waiter.since(), at),
                waiter.heldBy());
    }

    private static String name(Inspection.Mode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    private static Semaphore semaphore(Inspection.Semaphore semaphore) {
        return new Semaphore(semaphore.name(), semaphore.permits(), semaphore.inUse(), semaphore.waiting());
    }

    private static Leader leader(Inspection.Leader leader, Instant at, String here) {
        return new Leader(
                leader.election(),
                leader.id(),
                leader.holder(),
                leader.metadata(),
                leader.holder().equals(here),
                leader.term(),
                leader.since(),
                Duration.between(leader.since(), at),
                leader.waiting());
    }

    private static Session session(Inspection.Session session) {
        return new Session(
                session.holder(), session.openedAt(), session.renewedAt(), session.expiresAt(), session.timeout());
    }
}
