package io.latchkey;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One candidate of an election. Candidates lead in the order in which they joined; a leader that resigns hands over in the same
 * statement. An election is the lock of its name: who leads holds it, and the term is the fencing token.
 *
 * <p>Once it has joined, a candidate stays one until it resigns or is closed: a leadership that is lost, with the session, is
 * stood for again by itself. It lives through restarts and failovers of the database that are shorter than the session.
 *
 * <p>Thread-safe. A client may have many, also several of one election. None of them has a thread or a connection of its own.
 * Calls that ask the database throw {@link DatabaseUnavailableException} if it cannot be reached, and {@link
 * IllegalStateException} after they were closed.
 */
public interface LeaderElection extends AutoCloseable {
    /** The name of the election. */
    String name();

    /** The public id of this candidate. */
    String id();

    /**
     * Joins the end of the queue, and returns at once. Candidates of one client join in the order of these calls. Does nothing if
     * this is a candidate already.
     */
    void campaign();

    /**
     * Waits until this candidate leads.
     *
     * @return its leadership, valid a moment ago
     * @throws IllegalStateException if it is no candidate, or resigns or is closed meanwhile
     * @throws CoordinationException if the database refuses it, other than by not being reachable
     * @throws InterruptedException if interrupted while waiting; it stays a candidate
     */
    Leadership await() throws InterruptedException;

    /**
     * Waits for a limited time until this candidate leads.
     *
     * @param wait how long at most; zero or less: do not wait
     * @return empty if the time was too short; it stays a candidate
     * @throws IllegalStateException if it is no candidate, or resigns or is closed meanwhile
     * @throws CoordinationException if the database refuses it, other than by not being reachable
     * @throws InterruptedException if interrupted while waiting; it stays a candidate
     */
    Optional<Leadership> await(Duration wait) throws InterruptedException;

    /** Whether this candidate leads and its local deadline has not passed. Costs nanoseconds and allocates nothing; ask each time. */
    boolean isLeader();

    /** The leadership, if this candidate has it now. */
    Optional<Leadership> leadership();

    /** The term, if this candidate leads now. */
    OptionalLong term();

    /**
     * Gives the leadership up, to the next in the queue, or leaves the queue. Never throws for the database's sake: if it cannot be
     * reached, the client goes on trying for as long as its session lives.
     *
     * @return whether this candidate led until now
     */
    boolean resign();

    /**
     * Resigns and joins again, at the end of the queue. It leads again at once if nobody else waits.
     *
     * @return whether this candidate led until now
     * @throws IllegalStateException if it is no candidate
     */
    boolean requeue();

    /**
     * Says something to all who look at the participants, such as an address. Kept over changes of the leadership and crashes of
     * the database. If that cannot be reached it is told later.
     *
     * @param metadata up to 8192 bytes in UTF-8, without NUL and lone surrogates; empty for nothing
     * @throws IllegalArgumentException if it breaks one of these rules; the message says which
     */
    void setMetadata(String metadata);

    /** Asks the database for all candidates, in the order in which they lead: the leader first, if there is one. */
    List<Participant> participants();

    /** Asks the database who leads. */
    Optional<Participant> leader();

    /** Adds a listener; if this candidate leads, the listener is told at once. */
    void addListener(ElectionListener listener);

    /** Removes it. Events already under way still arrive. */
    void removeListener(ElectionListener listener);

    /** Resigns for good. A second call does nothing. */
    @Override
    void close();
}
