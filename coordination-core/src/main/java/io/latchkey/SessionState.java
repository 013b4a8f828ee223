package io.latchkey;

/** What a client knows of its session. The states and their meaning are those that Curator's users know. */
public enum SessionState {
    /** The session is open and was never in doubt. */
    CONNECTED,
    /** A renewal is overdue. Leases are still valid, but stop starting things that take long. */
    SUSPENDED,
    /** The session's local deadline has passed, or the database ended the session: every session lease is lost. */
    LOST,
    /** The session is in order again. After {@link #LOST} it is a new one, which holds nothing. */
    RECONNECTED
}
