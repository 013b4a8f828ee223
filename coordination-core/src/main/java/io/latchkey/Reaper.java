package io.latchkey;

/**
 * Who makes expiry visible: ends sessions whose time is up, hands their locks to those who wait, deletes long-idle rows.
 * Correctness never needs it, because expiry is decided when somebody looks. But where nobody looks, a lock goes to the next
 * waiter only when something reaps.
 *
 * <p>Clients reap in turn, a little with their renewals, when nobody else has for two seconds. So they have nothing to do
 * where pg_cron does it, and take over when it stops.
 */
public enum Reaper {
    /** pg_cron where it is available and permitted, else the clients. */
    AUTO,
    /** pg_cron. A client that cannot have that does not connect, and its exception says what is missing. */
    PG_CRON,
    /** The clients; pg_cron is not asked. A job that is there already goes on. */
    CLIENT,
    /** Not this client: it neither asks pg_cron nor takes a turn. */
    NONE
}
