package io.latchkey.internal;

/**
 * Every statement the client sends. {@code set_config} stands before the function, in a select list, which PostgreSQL evaluates
 * from left to right: the function sees that this commit does not wait for the disk, and may notify.
 */
final class Sql {
    private static final String UNFLUSHED = "SELECT pg_catalog.set_config('synchronous_commit', 'off', true), ";
    private static final String QUIET = UNFLUSHED + "pg_catalog.set_config('latchkey.quiet', 'on', true), ";
    private static final String FLUSHED = "SELECT NULL, ";

    /** How a statement commits, and whether it may notify. */
    enum Commit {
        UNFLUSHED(Sql.UNFLUSHED, 2),
        /** For when the notification queue is full: nothing but the wake-up is lost, and the waiters' renewals replace it. */
        QUIET(Sql.QUIET, 3),
        FLUSHED(Sql.FLUSHED, 2);

        final String acquire;
        final String release;
        final String withdraw;
        final String batch;
        final String renew;
        final String close;
        /** The column that has the answer. */
        final int column;

        Commit(String prefix, int column) {
            this.acquire = prefix + "latchkey.acquire_lock(?, ?, ?, ?)";
            this.release = prefix + "latchkey.release_lock(?, ?, ?)";
            this.withdraw = prefix + "latchkey.withdraw_request(?, ?, ?)";
            this.batch = prefix + "latchkey.run_batch(?, ?, ?, ?)";
            this.renew = prefix + "latchkey.renew_session(?, ?, ?)";
            this.close = prefix + "latchkey.close_session(?, ?)";
            this.column = column;
        }
    }

    static final String OPEN_SESSION =
            "SELECT session, incarnation, grace_left_ms FROM latchkey.open_session(?, ?, ?, ?)";
    static final String RESUME_SESSION =
            "SELECT outcome, incarnation, kept FROM latchkey.resume_session(?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static final String AUDIT_SESSION = "SELECT name, token, request FROM latchkey.audit_session(?)";
    static final String SETTLE = UNFLUSHED + "latchkey.settle_lock(?)";
    static final String WAKE = "SELECT latchkey.wake(?)";
    static final String FENCE = "SELECT latchkey.fence(?, ?)";

    static final String ACQUIRE_TIMED = "SELECT latchkey.acquire_timed(?, ?, ?, ?, ?, ?, ?)";
    static final String CONFIRM_TIMED = "SELECT latchkey.confirm_timed(?, ?, ?)";
    static final String EXTEND_TIMED = "SELECT latchkey.extend_timed(?, ?, ?, ?, ?)";
    static final String RELEASE_TIMED = "SELECT latchkey.release_timed(?, ?, ?)";

    static final String PROBE = "SELECT pg_catalog.pg_notify(?, ?)";
    static final String SERVER = """
            SELECT pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('default_transaction_read_only')::boolean,
                   pg_catalog.current_setting('synchronous_standby_names') <> '',
                   pg_catalog.current_setting('default_transaction_isolation') <> 'read committed',
                   pg_catalog.current_setting('idle_session_timeout') <> '0'""";
    static final String NEVER_IDLE = "SET idle_session_timeout = 0";

    private Sql() {}
}
