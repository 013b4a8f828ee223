package io.latchkey;

import java.util.Optional;

/** Follows who leads an election, without taking part. Thread-safe. Ends with {@link #close()} or with its client. */
public interface Observation extends AutoCloseable {
    /** The name of the election. */
    String election();

    /** Who led when the database was last asked; empty if nobody did, or before the first answer. Costs nothing. */
    Optional<Participant> leader();

    /** Ends it. Events already under way still arrive. A second call does nothing. */
    @Override
    void close();
}
