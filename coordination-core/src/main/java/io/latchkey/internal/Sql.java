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
        final String releaseWanted;
        final String share;
        final String giveBack;
        final String withdraw;
        final String batch;
        final String uncontended;
        final String renew;
        final String close;
        final String join;
        final String describe;
        final String leave;
        final String acquireAll;
        /** The column that has the answer. */
        final int column;

        Commit(String prefix, int column) {
            this.acquire = prefix + "latchkey.acquire_lock(?, ?, ?, ?)";
            this.release = prefix + "latchkey.release_lock(?, ?, ?)";
            this.releaseWanted = prefix + "latchkey.release_wanted(?, ?, ?)";
            this.share = prefix + "latchkey.acquire_shared(?, ?, ?, ?, ?, ?)";
            this.giveBack = prefix + "latchkey.release_shared(?, ?, ?)";
            this.withdraw = prefix + "latchkey.withdraw_request(?, ?, ?)";
            this.batch = prefix + "latchkey.run_batch(?, ?, ?, ?)";
            this.uncontended = prefix + "latchkey.run_uncontended(?, ?, ?, ?)";
            this.renew = prefix + "latchkey.renew_session(?, ?, ?, ?)";
            this.close = prefix + "latchkey.close_session(?, ?)";
            this.join = prefix + "latchkey.join_election(?, ?, ?, ?, ?)";
            this.describe = prefix + "latchkey.describe_candidate(?, ?, ?, ?, ?)";
            this.leave = prefix + "latchkey.leave_election(?, ?, ?)";
            this.acquireAll = prefix + "latchkey.acquire_locks(?, ?, ?, ?)";
            this.column = column;
        }
    }

    static final String OPEN_SESSION =
            "SELECT session, incarnation, grace_left_ms FROM latchkey.open_session(?, ?, ?, ?)";
    static final String RESUME_SESSION =
            "SELECT outcome, incarnation, kept FROM latchkey.resume_session(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static final String AUDIT_SESSION = "SELECT name, token, request FROM latchkey.audit_session(?)";
    static final String SETTLE = UNFLUSHED + "latchkey.settle_lock(?)";
    /**
     * What only notifies has nothing to flush, one would think; but it may have written hint bits to the log (checksums), and then
     * its commit would wait for the disk with the lock that all notifying commits of the cluster queue for.
     */
    static final String WAKE = UNFLUSHED + "latchkey.wake(?)";

    static final String FENCE = "SELECT latchkey.fence(?, ?)";

    static final String ACQUIRE_TIMED = "SELECT latchkey.acquire_timed(?, ?, ?, ?, ?, ?, ?)";
    static final String CONFIRM_TIMED = "SELECT latchkey.confirm_timed(?, ?, ?)";
    static final String EXTEND_TIMED = "SELECT latchkey.extend_timed(?, ?, ?, ?, ?)";
    static final String RELEASE_TIMED = "SELECT latchkey.release_timed(?, ?, ?)";

    static final String SCHEDULE_REAPER = "SELECT state, problem, hint FROM latchkey.schedule_reaper(false)";
    static final String REAPER_STATUS = "SELECT run_by, age_ms FROM latchkey.reaper_status()";
    static final String PARTICIPANTS = """
            SELECT participant, holder, metadata, coalesce(term, 0) FROM latchkey.participants WHERE election = ? ORDER BY place""";
    static final String LEADER = "SELECT leader, holder, metadata, term FROM latchkey.leaders WHERE election = ?";
    static final String ANNOUNCE_LEADER = UNFLUSHED + "latchkey.announce_leader(?)";
    static final String SET_PERMITS = "SELECT latchkey.set_permits(?, ?)";
    static final String AUDIT_PERMITS = "SELECT permits, in_use FROM latchkey.audit_permits(?)";

    /** Unlogged tables alone: there is nothing to wait for. */
    static final String ADD_WATCH = UNFLUSHED + "latchkey.add_watch(?, ?, ?, ?)";

    static final String REMOVE_WATCH = UNFLUSHED + "latchkey.remove_watch(?, ?)";
    static final String CHECK_WATCHES =
            "SELECT request, asked, leader, holder, metadata, term FROM latchkey.check_watches(?, ?)";
    static final String REQUEST_REVOCATION = UNFLUSHED + "latchkey.request_revocation(?, ?)";

    static final String CONTENDERS = """
            SELECT c.holder, c.token, c.shared
              FROM (SELECT holder, fencing_token AS token, mode <> 'exclusive' AS shared, 0 AS part, fencing_token AS place
                      FROM latchkey.locks WHERE name = ?
                     UNION ALL
                    SELECT waiter, 0, mode <> 'exclusive', 1, place FROM latchkey.waiters WHERE name = ?) c
             ORDER BY c.part, c.place""";

    static final String NOW = "SELECT pg_catalog.clock_timestamp()";
    static final String LOCKS = """
            SELECT pg_catalog.count(*) OVER (), l.name, l.holder, l.fencing_token, l.lease, l.held_since, l.ends_at, l.waiting,
                   l.mode, l.permits
              FROM latchkey.locks l ORDER BY l.waiting DESC, l.held_since, l.name LIMIT ?""";
    static final String WAITERS = """
            SELECT pg_catalog.count(*) OVER (), w.name, w.place, w.waiter, w.waiting_since, w.held_by, w.mode, w.permits
              FROM latchkey.waiters w ORDER BY w.waiting_since, w.name, w.place LIMIT ?""";
    static final String SEMAPHORES = """
            SELECT pg_catalog.count(*) OVER (), s.name, s.permits, s.in_use, s.waiting
              FROM latchkey.semaphores s ORDER BY s.waiting DESC, s.in_use DESC, s.name LIMIT ?""";
    static final String LEADERS = """
            SELECT pg_catalog.count(*) OVER (), l.election, l.leader, l.holder, l.term, l.since, l.waiting, l.metadata
              FROM latchkey.leaders l ORDER BY l.since, l.election LIMIT ?""";
    /** Without the numbers of locks: to count them, PostgreSQL would read all locks for each session. */
    static final String SESSIONS = """
            SELECT pg_catalog.count(*) OVER (), s.holder, s.opened_at, s.renewed_at, s.expires_at,
                   pg_catalog.date_part('epoch', s.timeout) * 1000
              FROM latchkey.sessions s ORDER BY s.opened_at, s.holder LIMIT ?""";

    static final String AUDIT_SERVER =
            "SELECT held_back_xids, oldest_transaction_ms, notification_queue, grace_left_ms FROM latchkey.audit_server()";
    static final String PROBE = UNFLUSHED + "pg_catalog.pg_notify(?, ?)";
    static final String SERVER = """
            SELECT pg_catalog.pg_is_in_recovery() OR pg_catalog.current_setting('default_transaction_read_only')::boolean,
                   pg_catalog.current_setting('synchronous_standby_names') <> '',
                   pg_catalog.current_setting('default_transaction_isolation') <> 'read committed',
                   pg_catalog.current_setting('idle_session_timeout') <> '0',
                   pg_catalog.current_setting('client_connection_check_interval') = '0'""";
    static final String NEVER_IDLE = "SET idle_session_timeout = 0";
    static final String LOOK_FOR_CLIENTS_END = "SET client_connection_check_interval = '1s'";

    private Sql() {}
}
