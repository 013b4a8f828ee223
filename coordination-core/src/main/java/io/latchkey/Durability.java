package io.latchkey;

/** Whether the commit of a session lease waits for the disk. Timed leases always do, as the server is configured. */
public enum Durability {
    /**
     * Unflushed, unless {@code synchronous_standby_names} is set (the default). Safe, because after a crash nobody is granted
     * anything until every lease that may have been lost has ended or was resumed; and several times faster.
     */
    AUTO,
    /**
     * Flushed, and replicated as the server is configured. Renewals are not, so that leases stay while a standby does not answer;
     * nor are the locks of a holder that died, which they hand over.
     */
    FLUSHED
}
