-- Latchkey: the tables. All of them are private (a leading underscore); functions are the API, views are for people.
--
-- Logged tables hold what must survive a crash of the server: the fencing tokens and the durable, timed leases.
-- Unlogged tables hold what the clients know as well: their sessions and their places in the queues. PostgreSQL empties
-- all unlogged tables together when it recovers from a crash and on a promoted standby, and keeps them over a clean
-- restart. So the same event that may have lost a grant also loses the row in _incarnation that allows new ones.

CREATE SCHEMA IF NOT EXISTS latchkey;
COMMENT ON SCHEMA latchkey IS 'Latchkey: fair, fenced locks for services. Tables are private, functions are the API, views show who holds what.';
REVOKE ALL ON SCHEMA latchkey FROM PUBLIC;

CREATE TABLE latchkey._schema_version (
    version         integer     NOT NULL CONSTRAINT _schema_version_pk PRIMARY KEY,
    compatible_from integer     NOT NULL,
    description     text        NOT NULL,
    installed_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE  latchkey._schema_version                 IS 'One row per migration that ran; each migration adds its own, whoever runs it.';
COMMENT ON COLUMN latchkey._schema_version.compatible_from IS 'The oldest schema version whose clients still work on this one.';

CREATE TABLE latchkey._setting (
    only_row    boolean  NOT NULL DEFAULT true CONSTRAINT _setting_pk PRIMARY KEY CONSTRAINT _setting_one_row CHECK (only_row),
    grace_ms    integer  NOT NULL DEFAULT 15000  CONSTRAINT _setting_grace_positive CHECK (grace_ms > 0),
    token_floor bigint   NOT NULL DEFAULT 0,
    idle_after  interval NOT NULL DEFAULT '7 days' CONSTRAINT _setting_idle_positive CHECK (idle_after > '0'),
    runs_purged_to bigint
);
COMMENT ON TABLE  latchkey._setting             IS 'Durable settings, one row.';
COMMENT ON COLUMN latchkey._setting.grace_ms    IS 'The longest session timeout ever granted: for so long after a crash nobody is granted anything new.';
COMMENT ON COLUMN latchkey._setting.token_floor IS 'The highest token of a lock row that was deleted; new rows start above it, whatever the clock says.';
COMMENT ON COLUMN latchkey._setting.idle_after  IS 'A lock row that nobody took for this long is deleted.';
COMMENT ON COLUMN latchkey._setting.runs_purged_to IS 'How far cron.job_run_details has been rid of the runs of our own job.';
INSERT INTO latchkey._setting DEFAULT VALUES;

CREATE UNLOGGED TABLE latchkey._incarnation (
    only_row      boolean     NOT NULL DEFAULT true CONSTRAINT _incarnation_pk PRIMARY KEY CONSTRAINT _incarnation_one_row CHECK (only_row),
    id            bigint      NOT NULL,
    granting_from timestamptz NOT NULL
);
COMMENT ON TABLE  latchkey._incarnation               IS 'The marker: while its row is missing, committed grants may have been lost, and nothing new is granted.';
COMMENT ON COLUMN latchkey._incarnation.id            IS 'A random number, part of every reply; a client that sees another one than it knows resumes its leases.';
COMMENT ON COLUMN latchkey._incarnation.granting_from IS 'The end of the grace period.';
-- A new installation has lost nothing: no grace period. 53 bits, so that every language can hold it.
INSERT INTO latchkey._incarnation (id, granting_from)
VALUES (pg_catalog.trunc(pg_catalog.random() * 9007199254740992)::bigint, pg_catalog.clock_timestamp());

-- No index on an expiry column, here and below: it would make every renewal a non-HOT update.
CREATE UNLOGGED TABLE latchkey._session (
    id         uuid        NOT NULL CONSTRAINT _session_pk PRIMARY KEY,
    holder     text        NOT NULL CONSTRAINT _session_holder_length CHECK (pg_catalog.octet_length(holder) BETWEEN 1 AND 512),
    channel    text        CONSTRAINT _session_channel_length CHECK (pg_catalog.octet_length(channel) BETWEEN 1 AND 63),
    timeout_ms integer     NOT NULL CONSTRAINT _session_timeout_range CHECK (timeout_ms BETWEEN 100 AND 3600000),
    opened_at  timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    granting_from timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
COMMENT ON TABLE  latchkey._session         IS 'The live clients. A session lease is worth what its session is: no row, no lease.';
COMMENT ON COLUMN latchkey._session.id      IS 'A random secret: whoever knows it acts for the session. In no view, notification or message.';
COMMENT ON COLUMN latchkey._session.holder  IS 'The public name of the client, for people.';
COMMENT ON COLUMN latchkey._session.granting_from IS 'Copied from the marker, which was there when this row was written and is lost only together with it: so a grant looks at one row and not at two.';
COMMENT ON COLUMN latchkey._session.channel IS 'Where the client listens while it waits; NULL if it does not.';

-- No CHECK constraint either: PostgreSQL reads its expression anew for each UPDATE, a tenth of taking a lock. Names are checked
-- where rows are inserted.
CREATE TABLE latchkey._lock (
    name       text        COLLATE "C" NOT NULL CONSTRAINT _lock_pk PRIMARY KEY,
    token      bigint      NOT NULL,
    session    uuid,
    request    bigint,
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    lease_ms   bigint,
    at_least   timestamptz,
    holder     text,
    ticket     bigint      NOT NULL DEFAULT 0,
    waiting    boolean     NOT NULL DEFAULT false,
    queued     boolean     NOT NULL DEFAULT false,
    taken      integer     NOT NULL DEFAULT 0,
    shared_above bigint    NOT NULL DEFAULT 0,
    permits    integer,
    permits_set boolean    NOT NULL DEFAULT false,
    first_session uuid,
    first_request bigint,
    first_token   bigint,
    first_weight  integer,
    first_given_back boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
COMMENT ON TABLE  latchkey._lock            IS 'One row per lock. It stays when the lock is free: it holds the last token.';
COMMENT ON COLUMN latchkey._lock.token      IS 'The fencing token of the last grant.';
COMMENT ON COLUMN latchkey._lock.session    IS 'The holder of a session lease. No foreign key: a session that is gone holds nothing, whatever stands here.';
COMMENT ON COLUMN latchkey._lock.request    IS 'The random number of the call that was granted, which makes a repeated call harmless.';
COMMENT ON COLUMN latchkey._lock.granted_at IS 'The time of the last grant.';
COMMENT ON COLUMN latchkey._lock.expires_at IS 'The end of a timed lease; NULL for a session lease and for a free lock.';
COMMENT ON COLUMN latchkey._lock.lease_ms   IS 'The length of a timed lease: an end further away than that means that the clock went back.';
COMMENT ON COLUMN latchkey._lock.at_least   IS 'A timed lease that is released earlier stays taken until then; NULL: it does not.';
COMMENT ON COLUMN latchkey._lock.holder     IS 'The public name of the holder of a timed lease.';
COMMENT ON COLUMN latchkey._lock.ticket     IS 'The ticket of the last waiter that was served: the queue goes on behind it, past what the index still has of those before.';
COMMENT ON COLUMN latchkey._lock.waiting    IS 'Whether somebody may stand in the queue or hold a share, and always for a semaphore: then the exclusive lock has no short cut, neither to take it nor to give it back.';
COMMENT ON COLUMN latchkey._lock.queued     IS 'Whether somebody may stand in the queue: then shares have no short cut either.';
COMMENT ON COLUMN latchkey._lock.taken      IS 'The weight of all shares that count, or more: those of sessions that ended, or that a crash took, are in it until somebody needs to know better.';
COMMENT ON COLUMN latchkey._lock.shared_above IS 'Shares have higher tokens than this; it moves up when the first of them is granted. So nobody walks over what the index still has of those before, and a share from before an exclusive grant cannot be resumed.';
COMMENT ON COLUMN latchkey._lock.permits    IS 'How many permits the semaphore of this name has; NULL: it is a lock.';
COMMENT ON COLUMN latchkey._lock.permits_set IS 'Whether that number was set on purpose: then the row stays, however idle.';
COMMENT ON COLUMN latchkey._lock.first_session IS 'Whose share has its place in this row, which spares a row of _share; NULL: the place is free.';
COMMENT ON COLUMN latchkey._lock.first_request IS 'The random number of the call that was granted this share.';
COMMENT ON COLUMN latchkey._lock.first_token   IS 'The fencing token of this share; the row lock of this row is its fence. While the place is taken no other fence is on this row.';
COMMENT ON COLUMN latchkey._lock.first_weight  IS 'How many permits this share is; 1 for a reader.';
COMMENT ON COLUMN latchkey._lock.first_given_back IS 'This share was released under an open fence: it counts until that transaction has ended.';

CREATE UNLOGGED TABLE latchkey._share (
    name       text        COLLATE "C" NOT NULL,
    token      bigint      NOT NULL,
    session    uuid        NOT NULL,
    request    bigint      NOT NULL,
    weight     integer     NOT NULL,
    granted_at timestamptz NOT NULL,
    ticket     bigint,
    given_back boolean     NOT NULL DEFAULT false,
    CONSTRAINT _share_pk PRIMARY KEY (name, token)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
-- By request first: an index that begins with the session tempts the planner to read all that a session holds.
CREATE UNIQUE INDEX _share_call ON latchkey._share (request, session);
COMMENT ON TABLE  latchkey._share            IS 'The shared leases: readers of a lock, permits of a semaphore, but for the one that has its place in the row of the lock. Changed only by one who has the row of the lock. No foreign key: a session that is gone holds nothing.';
COMMENT ON COLUMN latchkey._share.token      IS 'The fencing token of this grant; its row lock is the fence.';
COMMENT ON COLUMN latchkey._share.weight     IS 'How many permits; 1 for a reader.';
COMMENT ON COLUMN latchkey._share.ticket     IS 'The place it had in the queue; NULL if it did not wait.';
COMMENT ON COLUMN latchkey._share.given_back IS 'Released under an open fence: it counts until that transaction has ended.';

CREATE VIEW latchkey._shares AS
SELECT h.name, h.token, h.session, h.request, h.weight, h.granted_at, h.given_back FROM latchkey._share h
 UNION ALL
SELECT l.name, l.first_token, l.first_session, l.first_request, l.first_weight, pg_catalog.to_timestamp(l.first_token / 1000000.0), l.first_given_back
  FROM latchkey._lock l WHERE l.first_session IS NOT NULL;
COMMENT ON VIEW latchkey._shares IS 'All shared leases, wherever they have their place.';

CREATE UNLOGGED TABLE latchkey._waiter (
    name        text        COLLATE "C" NOT NULL,
    ticket      bigint      GENERATED ALWAYS AS IDENTITY,
    session     uuid        NOT NULL,
    request     bigint      NOT NULL,
    at_most_ms  bigint,
    at_least_ms bigint,
    queued_at   timestamptz NOT NULL,
    token       bigint,
    weight      integer,
    CONSTRAINT _waiter_pk PRIMARY KEY (name, ticket)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
CREATE UNIQUE INDEX _waiter_call ON latchkey._waiter (session, request);
COMMENT ON TABLE  latchkey._waiter         IS 'The queues. Changed only by one who has the row of the lock, so tickets of one lock are in order of arrival.';
COMMENT ON COLUMN latchkey._waiter.ticket  IS 'The place in the queue: lower is earlier.';
COMMENT ON COLUMN latchkey._waiter.request IS 'The random number of the waiting call; the notification of its grant carries it, so nobody can forge one.';
COMMENT ON COLUMN latchkey._waiter.token   IS 'Set when the lock was handed over: the row then is a grant that its client has not confirmed yet. 0: it asks for more than there is, and has to ask again to hear so.';
COMMENT ON COLUMN latchkey._waiter.weight  IS 'The weight of the share that is waited for; NULL for the exclusive lock.';
COMMENT ON COLUMN latchkey._waiter.at_most_ms IS 'The length of the timed lease that is waited for; NULL for a session lease.';

CREATE UNLOGGED TABLE latchkey._reaper (
    only_row boolean     NOT NULL DEFAULT true CONSTRAINT _reaper_pk PRIMARY KEY CONSTRAINT _reaper_one_row CHECK (only_row),
    last_run timestamptz NOT NULL,
    session_page  bigint NOT NULL DEFAULT 0,
    lock_cursor   text   COLLATE "C" NOT NULL DEFAULT '',
    waiter_cursor text   COLLATE "C" NOT NULL DEFAULT '',
    cron_run   timestamptz NOT NULL DEFAULT '-infinity',
    cron_every interval    NOT NULL DEFAULT '1 minute',
    purged_at  timestamptz NOT NULL DEFAULT '-infinity',
    share_cursor  text   COLLATE "C" NOT NULL DEFAULT ''
);
COMMENT ON TABLE  latchkey._reaper        IS 'Whose turn it is to reap, one row: whoever has its lock.';
COMMENT ON COLUMN latchkey._reaper.session_page  IS 'How far the search for expired sessions came.';
COMMENT ON COLUMN latchkey._reaper.lock_cursor   IS 'How far the search for long-idle lock rows came.';
COMMENT ON COLUMN latchkey._reaper.waiter_cursor IS 'How far the search for waiters of free locks came.';
COMMENT ON COLUMN latchkey._reaper.cron_run   IS 'When pg_cron ran it last.';
COMMENT ON COLUMN latchkey._reaper.cron_every IS 'How often pg_cron is asked to.';
COMMENT ON COLUMN latchkey._reaper.purged_at  IS 'When the runs of our job in cron.job_run_details were purged last.';
COMMENT ON COLUMN latchkey._reaper.share_cursor  IS 'How far the search for shares of ended sessions came.';

-- A plan is cached for as long as a connection lives. One that was made while a table had a page or two reads all of it, and
-- goes on doing so when it has a hundred thousand rows. So the tables start with some forty empty pages, which vacuum leaves
-- alone (vacuum_truncate): enough for an index to look cheaper from the first call on.
CREATE FUNCTION latchkey._spread_tables() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO latchkey._session (id, holder, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
    SELECT gen_random_uuid(), repeat('x', 500), 100, '-infinity', '-infinity', '-infinity', 'infinity' FROM generate_series(1, 300);
    DELETE FROM latchkey._session s WHERE s.granting_from = 'infinity';
    INSERT INTO latchkey._waiter (name, session, request, queued_at)
    SELECT repeat('x', 500), gen_random_uuid(), 0, '-infinity' FROM generate_series(1, 300);
    DELETE FROM latchkey._waiter w WHERE w.queued_at = '-infinity';
    INSERT INTO latchkey._share (name, token, session, request, weight, granted_at)
    SELECT repeat('x', 500), g, gen_random_uuid(), 0, 1, '-infinity' FROM generate_series(1, 300) g;
    DELETE FROM latchkey._share s WHERE s.granted_at = '-infinity';
    -- After a crash the tickets would start at 1 again, behind those that were served.
    PERFORM setval('latchkey._waiter_ticket_seq', greatest((SELECT max(l.ticket) + 1 FROM latchkey._lock l),
                                                           (date_part('epoch', clock_timestamp()) * 1000000)::bigint));
END $$;
COMMENT ON FUNCTION latchkey._spread_tables() IS 'Gives the unlogged tables their empty pages, and tickets that go on rising; after a crash they have lost both.';
SELECT latchkey._spread_tables();
INSERT INTO latchkey._lock (name, token, granted_at)
SELECT pg_catalog.repeat('x', 500) || g, 0, '-infinity' FROM pg_catalog.generate_series(1, 300) g;
DELETE FROM latchkey._lock;
