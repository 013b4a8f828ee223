-- Generated from the catalog of a database on which all migrations ran; do not edit, and do not run.
-- A test compares it, and says how to write it again.

-- Tables

CREATE UNLOGGED TABLE latchkey._candidate (
    session uuid NOT NULL,
    request bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    id text NOT NULL,
    metadata text NOT NULL,
    joined_at timestamp with time zone NOT NULL,
    CONSTRAINT _candidate_id_length CHECK (((octet_length(id) >= 1) AND (octet_length(id) <= 512))),
    CONSTRAINT _candidate_metadata_length CHECK ((octet_length(metadata) <= 8192)),
    CONSTRAINT _candidate_pk PRIMARY KEY (session, request)
) WITH (fillfactor=70, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE UNLOGGED TABLE latchkey._incarnation (
    only_row boolean NOT NULL DEFAULT true,
    id bigint NOT NULL,
    granting_from timestamp with time zone NOT NULL,
    CONSTRAINT _incarnation_one_row CHECK (only_row),
    CONSTRAINT _incarnation_pk PRIMARY KEY (only_row)
);

CREATE TABLE latchkey._lock (
    name text COLLATE "C" NOT NULL,
    token bigint NOT NULL,
    session uuid,
    request bigint,
    granted_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    lease_ms bigint,
    at_least timestamp with time zone,
    holder text,
    ticket bigint NOT NULL DEFAULT 0,
    waiting boolean NOT NULL DEFAULT false,
    queued boolean NOT NULL DEFAULT false,
    taken integer NOT NULL DEFAULT 0,
    shared_above bigint NOT NULL DEFAULT 0,
    permits integer,
    permits_set boolean NOT NULL DEFAULT false,
    first_session uuid,
    first_request bigint,
    first_token bigint,
    first_weight integer,
    first_given_back boolean NOT NULL DEFAULT false,
    CONSTRAINT _lock_pk PRIMARY KEY (name)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE UNLOGGED TABLE latchkey._reaper (
    only_row boolean NOT NULL DEFAULT true,
    last_run timestamp with time zone NOT NULL,
    session_page bigint NOT NULL DEFAULT 0,
    lock_cursor text COLLATE "C" NOT NULL DEFAULT ''::text,
    waiter_cursor text COLLATE "C" NOT NULL DEFAULT ''::text,
    cron_run timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
    cron_every interval NOT NULL DEFAULT '00:01:00'::interval,
    purged_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone,
    share_cursor text COLLATE "C" NOT NULL DEFAULT ''::text,
    CONSTRAINT _reaper_one_row CHECK (only_row),
    CONSTRAINT _reaper_pk PRIMARY KEY (only_row)
);

CREATE TABLE latchkey._schema_version (
    version integer NOT NULL,
    compatible_from integer NOT NULL,
    description text NOT NULL,
    installed_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT _schema_version_pk PRIMARY KEY (version)
);

CREATE UNLOGGED TABLE latchkey._session (
    id uuid NOT NULL,
    holder text NOT NULL,
    channel text,
    timeout_ms integer NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    renewed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    granting_from timestamp with time zone NOT NULL,
    CONSTRAINT _session_channel_length CHECK (((octet_length(channel) >= 1) AND (octet_length(channel) <= 63))),
    CONSTRAINT _session_holder_length CHECK (((octet_length(holder) >= 1) AND (octet_length(holder) <= 512))),
    CONSTRAINT _session_pk PRIMARY KEY (id),
    CONSTRAINT _session_timeout_range CHECK (((timeout_ms >= 100) AND (timeout_ms <= 3600000)))
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE TABLE latchkey._setting (
    only_row boolean NOT NULL DEFAULT true,
    grace_ms integer NOT NULL DEFAULT 15000,
    token_floor bigint NOT NULL DEFAULT 0,
    idle_after interval NOT NULL DEFAULT '7 days'::interval,
    runs_purged_to bigint,
    CONSTRAINT _setting_grace_positive CHECK ((grace_ms > 0)),
    CONSTRAINT _setting_idle_positive CHECK ((idle_after > '00:00:00'::interval)),
    CONSTRAINT _setting_one_row CHECK (only_row),
    CONSTRAINT _setting_pk PRIMARY KEY (only_row)
);

CREATE UNLOGGED TABLE latchkey._share (
    name text COLLATE "C" NOT NULL,
    token bigint NOT NULL,
    session uuid NOT NULL,
    request bigint NOT NULL,
    weight integer NOT NULL,
    granted_at timestamp with time zone NOT NULL,
    ticket bigint,
    given_back boolean NOT NULL DEFAULT false,
    CONSTRAINT _share_pk PRIMARY KEY (name, token)
) WITH (fillfactor=70, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE UNLOGGED TABLE latchkey._waiter (
    name text COLLATE "C" NOT NULL,
    ticket bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    session uuid NOT NULL,
    request bigint NOT NULL,
    at_most_ms bigint,
    at_least_ms bigint,
    queued_at timestamp with time zone NOT NULL,
    token bigint,
    weight integer,
    CONSTRAINT _waiter_pk PRIMARY KEY (name, ticket)
) WITH (fillfactor=70, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE UNLOGGED TABLE latchkey._watch (
    session uuid NOT NULL,
    request bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    token bigint,
    asked_at timestamp with time zone,
    CONSTRAINT _watch_pk PRIMARY KEY (session, request)
) WITH (fillfactor=70, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

-- Indexes besides those of constraints

CREATE INDEX _candidate_name ON latchkey._candidate USING btree (name);

CREATE UNIQUE INDEX _share_call ON latchkey._share USING btree (request, session);

CREATE UNIQUE INDEX _waiter_call ON latchkey._waiter USING btree (session, request);

CREATE INDEX _watch_name ON latchkey._watch USING btree (name);

-- Types

CREATE TYPE latchkey.renewal AS (outcome text, incarnation bigint, look_ms bigint, grants text);

CREATE TYPE latchkey.reply AS (outcome text, token bigint, incarnation bigint, retry_ms bigint, permits integer);

-- Functions

CREATE OR REPLACE FUNCTION latchkey._acquire(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_at_most_ms bigint, p_at_least_ms bigint, p_holder text, p_weight integer DEFAULT NULL::integer, p_permits integer DEFAULT NULL::integer)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_grace bigint;
    v_alive boolean;
    v_left  bigint;
    v_known boolean;
    v_looks integer := 0;
    v_reply latchkey.reply;
BEGIN
    PERFORM latchkey._check_request(p_request);
    SELECT i.id, 0, EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp())
      INTO v_reply.incarnation, v_grace, v_alive
      FROM latchkey._incarnation i WHERE i.only_row AND i.granting_from <= clock_timestamp();
    IF NOT FOUND THEN
        SELECT i.id, i.grace_left_ms, EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp())
          INTO v_reply.incarnation, v_grace, v_alive
          FROM latchkey._incarnation() i;
    END IF;
    IF (p_wait OR p_at_most_ms IS NULL) AND NOT v_alive THEN
        v_reply.outcome := 'no_session';
        RETURN v_reply;
    END IF;
    LOOP
        IF NOT p_wait THEN
            -- A look first: a call that cannot have the lock and does not wait writes nothing.
            SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name;
            v_known := FOUND;
            v_left := CASE WHEN v_lock.request = p_request THEN 0
                           WHEN v_known THEN latchkey._seems_held_ms(v_lock, p_weight)
                           ELSE v_grace END;
            IF v_left > 0 AND p_weight IS NOT NULL THEN
                PERFORM FROM latchkey._shares s WHERE s.session = p_session AND s.request = p_request AND s.name = p_name AND NOT s.given_back;
                IF FOUND THEN  -- a repeated call, and what makes it seem held may be its own share
                    v_left := 0;
                END IF;
            END IF;
            EXIT WHEN v_left > 0 AND (v_lock.name IS NULL
                                      OR (v_lock.permits IS NULL) = (p_permits IS NULL) AND coalesce(p_weight <= v_lock.permits, true));
        END IF;
        IF p_wait OR p_at_most_ms IS NULL OR NOT v_known OR v_looks = 500 THEN
            SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
        ELSE
            -- All instances try a scheduled job at the same moment. Who waited for the row of the first, until its grant is flushed,
            -- would write that it waited; so the others look again until they see it, and write nothing. The token: a grant that
            -- became visible since the look.
            SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name AND l.token = v_lock.token FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                v_looks := v_looks + 1;
                PERFORM pg_sleep(0.001);
                CONTINUE;
            END IF;
        END IF;
        IF NOT FOUND THEN
            PERFORM latchkey._insert_lock(p_name, p_permits);
            CONTINUE;
        ELSIF p_permits IS NOT NULL OR v_lock.permits IS NOT NULL THEN
            PERFORM latchkey._check_permits(v_lock.permits, p_weight, p_permits);
            v_reply.permits := nullif(v_lock.permits, p_permits);
        END IF;
        v_left := latchkey._holder_left_ms(v_lock);
        IF v_left > 0 THEN
            IF v_lock.request = p_request AND v_lock.session IS NOT DISTINCT FROM (CASE WHEN p_at_most_ms IS NULL THEN p_session END) THEN
                -- Granted already: the answer was lost, or a hand-over overtook this call.
                v_reply.outcome := 'granted';
                v_reply.token := v_lock.token;
                RETURN v_reply;
            END IF;
            EXIT;
        ELSIF p_weight IS NOT NULL THEN
            SELECT s.token INTO v_reply.token FROM latchkey._shares s
             WHERE s.session = p_session AND s.request = p_request AND s.name = p_name AND NOT s.given_back;
            IF FOUND THEN
                v_reply.outcome := 'granted';
                RETURN v_reply;
            END IF;
        END IF;
        IF v_lock.queued THEN
            CASE latchkey._hand_over(v_lock)
                WHEN 'fenced' THEN v_left := 20;
                WHEN 'grace'  THEN v_left := greatest(v_grace, 1);
                WHEN 'held'   THEN v_left := greatest(latchkey._shares_left_ms(p_name), 20);
                WHEN 'granted' THEN v_reply.retry_ms := 0; CONTINUE;
                ELSE CONTINUE;
            END CASE;
            EXIT;
        ELSIF v_grace > 0 THEN
            v_left := v_grace;
            EXIT;
        ELSIF NOT latchkey._fits(p_weight, v_lock.taken, v_lock.permits) THEN
            SELECT c.taken, c.left_ms INTO v_lock.taken, v_left FROM latchkey._count_shares(p_name, v_lock.shared_above) c;
            EXIT WHEN NOT latchkey._fits(p_weight, v_lock.taken, v_lock.permits);
        END IF;
        PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR UPDATE SKIP LOCKED;
        IF NOT FOUND AND (p_weight IS NULL OR v_lock.first_session IS NULL) THEN  -- a fenced transaction is open
            v_left := 20;
            EXIT;
        END IF;
        v_reply.token := CASE WHEN p_weight IS NULL
                              THEN latchkey._grant(p_name, p_session, p_request, p_holder, p_at_most_ms, p_at_least_ms, v_lock.ticket, false)
                              ELSE latchkey._grant_share(v_lock, p_session, p_request, p_weight, v_lock.first_session IS NULL) END;
        v_reply.outcome := 'granted';
        RETURN v_reply;
    END LOOP;
    v_reply.retry_ms := coalesce(v_reply.retry_ms, v_left);
    v_reply.outcome := 'held';
    IF p_wait THEN
        v_reply.retry_ms := v_left;
        v_reply.outcome := 'queued';
        PERFORM latchkey._enqueue(v_lock, p_session, p_request, p_at_most_ms, p_at_least_ms, p_weight);
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._after_ms(p_ms bigint)
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$ SELECT clock_timestamp() + p_ms * interval '1 millisecond' $function$;

CREATE OR REPLACE FUNCTION latchkey._check_candidate(p_id text, p_metadata text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF coalesce(octet_length(p_id), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', format('the id of a candidate has 1 to 512 bytes, not %s', coalesce(octet_length(p_id), 0)), 'It is what others see in latchkey.leaders.');
    ELSIF coalesce(octet_length(p_metadata), 8193) > 8192 THEN
        PERFORM latchkey._refuse('LK002', format('the metadata of a candidate have up to 8192 bytes, not %s', coalesce(octet_length(p_metadata)::text, 'NULL')), 'Keep what is longer elsewhere, and a reference to it here.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_holder(p_holder text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    IF coalesce(octet_length(p_holder), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', 'a holder''s name has 1 to 512 bytes', 'It is what others see in latchkey.locks, such as host and process id.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_lease(p_at_most_ms bigint, p_at_least_ms bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    IF p_at_most_ms IS NULL OR p_at_most_ms NOT BETWEEN 1 AND 31536000000 THEN
        PERFORM latchkey._refuse('LK002', format('a lease of %s ms is not possible', coalesce(p_at_most_ms::text, 'NULL')), 'Choose 1 ms to 365 days.');
    ELSIF p_at_least_ms IS NULL OR p_at_least_ms NOT BETWEEN 0 AND p_at_most_ms THEN
        PERFORM latchkey._refuse('LK002', format('a lease cannot last at least %s ms', coalesce(p_at_least_ms::text, 'NULL')), 'Choose 0 to the length of the lease.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_name(p_name text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF coalesce(octet_length(p_name), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', format('the name of a lock has 1 to 512 bytes, not %s', coalesce(octet_length(p_name), 0)), 'Choose another name.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_permits(p_has integer, p_weight integer, p_permits integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF p_has IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'this is the name of a lock, so it cannot be that of a semaphore', 'Choose another name for one of them.');
    ELSIF p_permits IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'this is the name of a semaphore, so it cannot be that of a lock', 'Choose another name for one of them.');
    ELSIF p_weight IS NULL OR p_weight NOT BETWEEN 1 AND p_has THEN
        PERFORM latchkey._refuse('LK002', format('%s permits were asked for, and the semaphore has %s', coalesce(p_weight::text, 'NULL'), p_has),
                                 'Ask for 1 or more and no more than it has; latchkey.set_permits changes that.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_request(p_request bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF p_request IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'a call needs a request number', 'Choose a random number for each call.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_session(p_session uuid, p_holder text, p_channel text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    -- Before the row is written: the message of a violated constraint carries the whole row, with the session's id.
    IF p_session IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'a session needs an id', 'Leave it out, or choose a random one.');
    END IF;
    PERFORM latchkey._check_holder(p_holder);
    IF octet_length(p_channel) NOT BETWEEN 1 AND 63 THEN
        PERFORM latchkey._refuse('LK002', format('the name of a channel has 1 to 63 bytes, not %s', octet_length(p_channel)), 'Choose another one, or NULL to hear nothing.');
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._check_timeout(p_timeout_ms integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF p_timeout_ms IS NULL OR p_timeout_ms NOT BETWEEN 100 AND 3600000 THEN
        PERFORM latchkey._refuse('LK002', format('a session timeout of %s ms is not possible', coalesce(p_timeout_ms::text, 'NULL')),
                                 'Choose 100 ms to 1 hour.');
    END IF;
    -- A longer timeout than any before makes the grace period longer, durably, before the first grant under it: this
    -- transaction is flushed even where the caller's default is not to wait for it.
    IF p_timeout_ms > (SELECT s.grace_ms FROM latchkey._setting s) THEN
        UPDATE latchkey._setting s SET grace_ms = p_timeout_ms WHERE s.grace_ms < p_timeout_ms;
        IF current_setting('synchronous_commit') = 'off' THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._clear(p_name text, p_queued boolean)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    UPDATE latchkey._lock l
       SET session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL, waiting = p_queued, queued = p_queued
     WHERE l.name OPERATOR(pg_catalog.=) p_name;  -- acquire_lock calls it with its caller's search_path
END $function$;

CREATE OR REPLACE FUNCTION latchkey._count_shares(p_name text, p_above bigint, OUT taken integer, OUT left_ms bigint, OUT fenced boolean)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
BEGIN
    -- A session's end is judged with its row in hand, see _end_if_expired.
    UPDATE latchkey._lock l SET first_session = NULL, first_given_back = false
     WHERE l.ctid = (
        SELECT f.ctid FROM latchkey._lock f LEFT JOIN latchkey._session s ON s.id = f.first_session
         WHERE f.name = p_name AND f.first_session IS NOT NULL
           AND CASE WHEN f.first_given_back OR s.id IS NULL THEN true
                    WHEN s.expires_at > clock_timestamp() AND s.expires_at <= latchkey._after_ms(s.timeout_ms) THEN false
                    ELSE latchkey._end_if_expired(s.id) = 0 END
           FOR UPDATE OF f SKIP LOCKED);
    DELETE FROM latchkey._share h
     WHERE h.ctid = ANY (ARRAY(
        SELECT e.ctid FROM latchkey._share e LEFT JOIN latchkey._session s ON s.id = e.session
         WHERE e.name = p_name AND e.token > p_above
           AND CASE WHEN e.given_back OR s.id IS NULL THEN true
                    WHEN s.expires_at > clock_timestamp() AND s.expires_at <= latchkey._after_ms(s.timeout_ms) THEN false
                    ELSE latchkey._end_if_expired(s.id) = 0 END
           FOR UPDATE OF e SKIP LOCKED));
    SELECT coalesce(sum(h.weight), 0), min(greatest(CASE WHEN h.given_back THEN 0 ELSE latchkey._ms_until(s.expires_at) END, 20)),
           coalesce(bool_or(h.given_back OR s.id IS NULL), false)
      INTO taken, left_ms, fenced
      FROM latchkey._shares h LEFT JOIN latchkey._session s ON s.id = h.session
     WHERE h.name = p_name AND h.token > p_above;
    UPDATE latchkey._lock l SET taken = _count_shares.taken, waiting = l.queued OR _count_shares.taken > 0 OR l.permits IS NOT NULL
     WHERE l.name = p_name AND l.taken <> _count_shares.taken;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._describe(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO latchkey._candidate (session, request, name, id, metadata, joined_at)
    VALUES (p_session, p_request, p_name, p_id, p_metadata, clock_timestamp())
    ON CONFLICT (session, request) DO UPDATE SET id = excluded.id, metadata = excluded.metadata;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._downgrade(p_session uuid, p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_reply latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    SELECT h.token INTO v_reply.token FROM latchkey._share h WHERE h.session = p_session AND h.request = p_request AND h.name = p_name;
    IF FOUND THEN  -- done already, the answer was lost
        v_reply.outcome := 'granted';
        RETURN v_reply;
    ELSIF v_lock.session IS DISTINCT FROM p_session OR v_lock.token <> p_token
          OR NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp()) THEN
        v_reply.outcome := 'not_held';
        RETURN v_reply;
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_lock.ticket;
    v_reply.outcome := 'granted';
    v_reply.token := latchkey._grant_share(v_lock, p_session, p_request, 1, false);
    IF v_lock.queued THEN
        -- Readers at the head of the queue come in; under a fence of the exclusive lease, when its transaction has ended.
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name;
        v_reply.retry_ms := CASE WHEN latchkey._hand_over(v_lock) IN ('fenced', 'grace') THEN 20 END;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._end_if_expired(p_session uuid)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_left    bigint;
    v_timeout integer;
BEGIN
    SELECT latchkey._ms_until(s.expires_at), s.timeout_ms INTO v_left, v_timeout FROM latchkey._session s WHERE s.id = p_session;
    IF NOT FOUND THEN
        RETURN 0;
    ELSIF v_left > v_timeout THEN  -- further away than its own length: the clock went back
        UPDATE latchkey._session s SET expires_at = latchkey._after_ms(s.timeout_ms)
         WHERE s.ctid = (SELECT e.ctid FROM latchkey._session e
                          WHERE e.id = p_session AND e.expires_at > latchkey._after_ms(e.timeout_ms) FOR UPDATE SKIP LOCKED);
        RETURN v_timeout;
    ELSIF v_left > 0 THEN
        RETURN v_left;
    END IF;
    -- Judged with the row in hand: a renewal that read the clock before us and commits after us would otherwise make two holders.
    DELETE FROM latchkey._session s
     WHERE s.ctid = (SELECT e.ctid FROM latchkey._session e WHERE e.id = p_session AND e.expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED);
    RETURN CASE WHEN FOUND THEN 0 ELSE 5 END;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._enqueue(p_lock latchkey._lock, p_session uuid, p_request bigint, p_at_most_ms bigint, p_at_least_ms bigint, p_weight integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF NOT p_lock.queued THEN
        UPDATE latchkey._lock l SET waiting = true, queued = true, shared_above = CASE WHEN p_lock.waiting THEN l.shared_above ELSE l.token END
         WHERE l.name = p_lock.name;
    END IF;
    IF p_weight IS NOT NULL THEN  -- it was told to ask again, see set_permits
        DELETE FROM latchkey._waiter w WHERE w.session = p_session AND w.request = p_request AND w.token = 0;
    END IF;
    INSERT INTO latchkey._waiter (name, session, request, at_most_ms, at_least_ms, weight, queued_at)
    VALUES (p_lock.name, p_session, p_request, p_at_most_ms, p_at_least_ms, p_weight, clock_timestamp())
    ON CONFLICT (session, request) DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM latchkey._waiter w WHERE w.session = p_session AND w.request = p_request AND w.name = p_lock.name) THEN
        PERFORM latchkey._refuse_request();
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._fence_share(p_name text, p_token bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_first boolean;
BEGIN
    PERFORM FROM latchkey._lock l WHERE l.name = p_name AND l.first_token = p_token AND l.first_session IS NOT NULL FOR KEY SHARE;
    v_first := FOUND;
    IF NOT v_first THEN
        PERFORM FROM latchkey._share h WHERE h.name = p_name AND h.token = p_token FOR KEY SHARE;
    END IF;
    IF NOT FOUND OR NOT EXISTS (
        SELECT FROM latchkey._shares h JOIN latchkey._session s ON s.id = h.session
         WHERE h.name = p_name AND h.token = p_token AND NOT h.given_back AND s.expires_at > clock_timestamp()) THEN
        PERFORM latchkey._refuse_token(p_token);
    END IF;
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN  -- see fence
        BEGIN
            PERFORM FROM latchkey._lock l WHERE v_first AND l.name = p_name FOR NO KEY UPDATE;
            PERFORM FROM latchkey._share h WHERE h.name = p_name AND h.token = p_token FOR NO KEY UPDATE;
            RAISE EXCEPTION USING ERRCODE = 'LK000';
        EXCEPTION WHEN SQLSTATE 'LK000' THEN
            NULL;
        END;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._fits(p_weight integer, p_taken integer, p_permits integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$ SELECT CASE WHEN p_weight IS NULL THEN p_taken = 0 WHEN p_permits IS NULL THEN true ELSE p_weight <= p_permits - p_taken END $function$;

CREATE OR REPLACE FUNCTION latchkey._grant_share(p_lock latchkey._lock, p_session uuid, p_request bigint, p_weight integer, p_first boolean)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_token bigint := latchkey._next_token(p_lock.token);
BEGIN
    PERFORM latchkey._check_request(p_request);
    UPDATE latchkey._lock l
       SET session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL,
           token = v_token, granted_at = clock_timestamp(), waiting = true, taken = p_lock.taken + p_weight,
           shared_above = CASE WHEN p_lock.taken = 0 THEN l.token ELSE l.shared_above END
     WHERE l.name = p_lock.name;
    IF p_first THEN
        UPDATE latchkey._lock l
           SET first_session = p_session, first_request = p_request, first_token = v_token, first_weight = p_weight, first_given_back = false
         WHERE l.name = p_lock.name;
        RETURN v_token;
    END IF;
    INSERT INTO latchkey._share (name, token, session, request, weight, granted_at)
    VALUES (p_lock.name, v_token, p_session, p_request, p_weight, clock_timestamp())
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        PERFORM latchkey._refuse_request();
    END IF;
    RETURN v_token;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._grant(p_name text, p_session uuid, p_request bigint, p_holder text, p_at_most_ms bigint, p_at_least_ms bigint, p_ticket bigint, p_waiting boolean)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_token bigint;
BEGIN
    UPDATE latchkey._lock l
       SET token = latchkey._next_token(l.token), request = p_request, granted_at = clock_timestamp(), ticket = p_ticket,
           waiting = p_waiting, queued = p_waiting, taken = 0, shared_above = l.token, first_session = NULL, first_given_back = false,
           session    = CASE WHEN p_at_most_ms IS NULL THEN p_session END,
           holder     = CASE WHEN p_at_most_ms IS NOT NULL THEN p_holder END,
           lease_ms   = p_at_most_ms,
           expires_at = latchkey._after_ms(p_at_most_ms),
           at_least   = latchkey._after_ms(nullif(p_at_least_ms, 0))
     WHERE l.name = p_name
    RETURNING l.token INTO v_token;
    RETURN v_token;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._hand_over(p_lock latchkey._lock, p_unfenced boolean DEFAULT false)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_incarnation bigint;
    v_grace       bigint;
    v_waiter      record;
    v_token       bigint  := p_lock.token;
    v_share       bigint;
    v_ticket      bigint  := p_lock.ticket;
    v_taken       integer := p_lock.taken;
    v_above       bigint  := CASE WHEN p_lock.taken = 0 THEN p_lock.token ELSE p_lock.shared_above END;
    v_counted     boolean := p_lock.taken = 0;
    v_fenced      boolean := false;
    v_queued      boolean := false;
BEGIN
    SELECT i.id INTO v_incarnation FROM latchkey._incarnation i WHERE i.only_row AND i.granting_from <= clock_timestamp();
    IF NOT FOUND THEN
        SELECT i.id, i.grace_left_ms INTO v_incarnation, v_grace FROM latchkey._incarnation() i;
        IF v_grace > 0 THEN
            RETURN 'grace';
        END IF;
    END IF;
    IF NOT p_unfenced AND p_lock.first_session IS NULL THEN  -- otherwise only the fence of that share can be on the row
        PERFORM FROM latchkey._lock l WHERE l.name = p_lock.name FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN 'fenced';
        END IF;
    END IF;
    LOOP
        SELECT w.ticket, w.session, w.request, w.weight, w.at_most_ms, w.at_least_ms, s.channel, s.holder, s.expires_at > clock_timestamp() AS alive
          INTO v_waiter
          FROM latchkey._waiter w LEFT JOIN latchkey._session s ON s.id = w.session
         WHERE w.name = p_lock.name AND w.ticket > v_ticket
         ORDER BY w.ticket LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF NOT coalesce(v_waiter.alive, false) THEN
            DELETE FROM latchkey._waiter w WHERE w.name = p_lock.name AND w.ticket = v_waiter.ticket;
            CONTINUE;
        END IF;
        IF NOT v_counted AND NOT latchkey._fits(v_waiter.weight, v_taken, p_lock.permits) THEN
            SELECT c.taken, c.fenced INTO v_taken, v_fenced FROM latchkey._count_shares(p_lock.name, v_above) c;
            v_counted := true;
        END IF;
        IF NOT latchkey._fits(v_waiter.weight, v_taken, p_lock.permits) THEN
            v_queued := true;  -- and nobody behind it is served before it is
            EXIT;
        ELSIF v_waiter.weight IS NULL THEN
            -- Others may wait behind it, or not: where there was a queue there soon is one again, so the next release looks.
            IF p_lock.session IS NOT NULL AND v_waiter.at_most_ms IS NULL THEN
                -- From one session to another, as nearly always: the columns of timed leases say nothing and go on saying it.
                UPDATE latchkey._lock l
                   SET token = latchkey._next_token(l.token), session = v_waiter.session, request = v_waiter.request, granted_at = clock_timestamp(),
                       ticket = v_waiter.ticket, waiting = true, queued = true, shared_above = l.token
                 WHERE l.name = p_lock.name
                RETURNING l.token INTO v_token;
            ELSE
                v_token := latchkey._grant(p_lock.name, v_waiter.session, v_waiter.request, v_waiter.holder, v_waiter.at_most_ms, v_waiter.at_least_ms, v_waiter.ticket, true);
            END IF;
            UPDATE latchkey._waiter w SET token = v_token WHERE w.name = p_lock.name AND w.ticket = v_waiter.ticket;
            PERFORM latchkey._notify(v_waiter.channel, v_waiter.request, v_token, v_incarnation);
            RETURN 'granted';
        END IF;
        INSERT INTO latchkey._share (name, token, session, request, weight, granted_at, ticket)
        VALUES (p_lock.name, latchkey._next_token(v_token), v_waiter.session, v_waiter.request, v_waiter.weight, clock_timestamp(), v_waiter.ticket)
        ON CONFLICT DO NOTHING RETURNING _share.token INTO v_share;
        IF NOT FOUND THEN  -- a number that its session gave to another call, too: nobody else is to suffer for it
            DELETE FROM latchkey._waiter w WHERE w.name = p_lock.name AND w.ticket = v_waiter.ticket;
            CONTINUE;
        END IF;
        v_token := v_share;
        v_taken := v_taken + v_waiter.weight;
        v_ticket := v_waiter.ticket;
        UPDATE latchkey._waiter w SET token = v_token WHERE w.name = p_lock.name AND w.ticket = v_ticket;
        PERFORM latchkey._notify(v_waiter.channel, v_waiter.request, v_token, v_incarnation);
    END LOOP;
    UPDATE latchkey._lock l
       SET session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL,
           token = v_token, ticket = v_ticket, taken = v_taken, shared_above = v_above,
           granted_at = CASE WHEN v_token > p_lock.token THEN clock_timestamp() ELSE l.granted_at END,
           queued = v_queued, waiting = v_queued OR v_taken > 0 OR l.permits IS NOT NULL
     WHERE l.name = p_lock.name;
    RETURN CASE WHEN v_token > p_lock.token THEN 'granted' WHEN NOT v_queued THEN 'free' WHEN v_fenced THEN 'fenced' ELSE 'held' END;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._has_lease(p_name text, p_token bigint, p_request bigint, p_session uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
BEGIN
    RETURN EXISTS (SELECT FROM latchkey._lock l
                    WHERE l.name = p_name AND l.token = p_token AND l.request = p_request AND coalesce(l.session = p_session, l.expires_at > clock_timestamp()))
        OR EXISTS (SELECT FROM latchkey._shares h
                    WHERE h.name = p_name AND h.token = p_token AND h.request = p_request AND h.session = p_session AND NOT h.given_back);
END $function$;

CREATE OR REPLACE FUNCTION latchkey._holder_left_ms(p_lock latchkey._lock)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF p_lock.session IS NOT NULL THEN
        RETURN latchkey._end_if_expired(p_lock.session);
    ELSIF p_lock.expires_at > latchkey._after_ms(p_lock.lease_ms) THEN  -- the clock went back
        UPDATE latchkey._lock l SET expires_at = latchkey._after_ms(l.lease_ms) WHERE l.name = p_lock.name;
        RETURN p_lock.lease_ms;
    END IF;
    RETURN latchkey._remaining_ms(NULL, p_lock.expires_at);
END $function$;

CREATE OR REPLACE FUNCTION latchkey._incarnation(OUT id bigint, OUT grace_left_ms bigint)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_grace_ms integer;
BEGIN
    LOOP
        SELECT i.id, latchkey._ms_until(i.granting_from) INTO id, grace_left_ms FROM latchkey._incarnation i WHERE i.only_row;
        EXIT WHEN FOUND;
        -- The marker is gone: the server crashed, or this is a promoted standby. Grants may be lost with it. Whoever still
        -- believes in one stops within the longest session timeout ever granted, or has resumed it by then.
        INSERT INTO latchkey._incarnation (id, granting_from)
        SELECT trunc(random() * 9007199254740992)::bigint, latchkey._after_ms(s.grace_ms) FROM latchkey._setting s
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            PERFORM latchkey._spread_tables();
        END IF;
    END LOOP;
    IF grace_left_ms > 0 THEN
        SELECT s.grace_ms INTO v_grace_ms FROM latchkey._setting s;
        IF grace_left_ms > v_grace_ms THEN  -- the clock went back
            UPDATE latchkey._incarnation i SET granting_from = latchkey._after_ms(v_grace_ms) WHERE i.granting_from > latchkey._after_ms(v_grace_ms);
            grace_left_ms := v_grace_ms;
        END IF;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._insert_lock(p_name text, p_permits integer, p_set boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM latchkey._check_name(p_name);
    IF p_permits IS NOT NULL THEN
        IF p_permits NOT BETWEEN 1 AND 1000000000 THEN
            PERFORM latchkey._refuse('LK002', format('a semaphore of %s permits is not possible', p_permits), 'Choose 1 to 1,000,000,000.');
        END IF;
        -- Known for good from now on: this transaction is flushed even where the caller's default is not to wait for it.
        IF current_setting('synchronous_commit') = 'off' THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;
    END IF;
    INSERT INTO latchkey._lock (name, token, granted_at, waiting, permits, permits_set)
    SELECT p_name, s.token_floor, clock_timestamp(), p_permits IS NOT NULL, p_permits, p_set FROM latchkey._setting s
    ON CONFLICT DO NOTHING;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._insert_session(p_session uuid, p_holder text, p_timeout_ms integer, p_channel text)
 RETURNS void
 LANGUAGE sql
AS $function$
    INSERT INTO latchkey._session (id, holder, channel, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
    SELECT p_session, p_holder, p_channel, p_timeout_ms, clock_timestamp(), clock_timestamp(), latchkey._after_ms(p_timeout_ms), i.granting_from
      FROM latchkey._incarnation i
    ON CONFLICT (id) DO NOTHING  -- a repeated call whose first answer was lost
$function$;

CREATE OR REPLACE FUNCTION latchkey._job_command(p_every text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT format('SELECT pg_catalog.set_config(%L, %L, true), latchkey.run_reaper(%L)', 'synchronous_commit', 'off', p_every)
$function$;

CREATE OR REPLACE FUNCTION latchkey._job_name()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
    SELECT CASE WHEN octet_length(current_database()::text) <= 54 THEN 'latchkey ' || current_database()
                ELSE 'latchkey ' || md5(current_database()::text) END
$function$;

CREATE OR REPLACE FUNCTION latchkey._job_obstacle(p_job bigint, p_active boolean, OUT state text, OUT problem text, OUT hint text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_message text;
BEGIN
    IF NOT p_active THEN
        state   := 'LK014';
        problem := format('job %s of pg_cron, the reaper, is switched off', p_job);
        hint    := format('SELECT cron.alter_job(%s, active := true);', p_job);
    ELSIF (SELECT s.run_by FROM latchkey.reaper_status() s) <> 'pg_cron' THEN
        EXECUTE $query$
            SELECT (array_agg(d.return_message ORDER BY d.runid DESC))[1]
              FROM (SELECT * FROM cron.job_run_details r
                     WHERE r.jobid = $1 AND r.status IN ('succeeded', 'failed')
                       AND r.runid > (SELECT max(m.runid) - 1000 FROM cron.job_run_details m)
                     ORDER BY r.runid DESC LIMIT 2) d  -- two: a restart of the server makes one
            HAVING count(*) FILTER (WHERE d.status = 'failed') = 2$query$ INTO v_message USING p_job;
        IF v_message IS NOT NULL THEN
            state   := 'LK014';
            problem := format('pg_cron could not run the reaper, job %s: %s', p_job, btrim(regexp_replace(v_message, '\s+', ' ', 'g')));
            hint    := format('If it cannot connect: set cron.use_background_workers = on and restart the server, or let %I in from localhost without a password in pg_hba.conf.', current_user);
        END IF;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._join_shares(p_session uuid, p_name text, p_request bigint, p_weight integer, p_permits integer)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_token   pg_catalog.int8;
    v_permits pg_catalog.int4;
BEGIN
    -- Where the place in the row is taken no fence matters. Where it is free one may be open: see acquire_lock for xmax and age.
    UPDATE latchkey._lock l
       SET token = greatest(l.token OPERATOR(pg_catalog.+) 1,
                            (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8),
           granted_at = pg_catalog.clock_timestamp(), waiting = true, taken = l.taken OPERATOR(pg_catalog.+) p_weight,
           shared_above = CASE WHEN l.taken OPERATOR(pg_catalog.=) 0 THEN l.token ELSE l.shared_above END
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.session IS NULL AND l.expires_at IS NULL AND NOT l.queued
       AND CASE WHEN p_permits IS NULL THEN l.permits IS NULL AND p_weight OPERATOR(pg_catalog.=) 1
                ELSE p_weight OPERATOR(pg_catalog.>) 0 AND p_weight OPERATOR(pg_catalog.<=) (l.permits OPERATOR(pg_catalog.-) l.taken) END
       AND CASE WHEN l.first_session IS NULL THEN pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0
                ELSE l.first_request OPERATOR(pg_catalog.<>) p_request END  -- a repeated call
       AND EXISTS (SELECT FROM latchkey._session s
                    WHERE s.id OPERATOR(pg_catalog.=) p_session
                      AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                      AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
    RETURNING CASE WHEN l.first_session IS NOT NULL OR l.xmax OPERATOR(pg_catalog.=) 0 THEN l.token END, l.permits INTO v_token, v_permits;
    IF v_token IS NOT NULL AND p_request IS NOT NULL THEN
        -- Not ON CONFLICT alone, which looks into both indexes first: the token is new, so (name, token) has no conflict.
        INSERT INTO latchkey._share (name, token, session, request, weight, granted_at)
        VALUES (p_name, v_token, p_session, p_request, p_weight, pg_catalog.clock_timestamp())
        ON CONFLICT (request, session) DO NOTHING;
        IF FOUND THEN
            RETURN '(granted,' OPERATOR(pg_catalog.||) v_token::pg_catalog.text
                   OPERATOR(pg_catalog.||) CASE WHEN v_permits OPERATOR(pg_catalog.<>) p_permits
                                                THEN ',,,' OPERATOR(pg_catalog.||) v_permits::pg_catalog.text OPERATOR(pg_catalog.||) ')'
                                                ELSE ',,,)' END;
        END IF;
    END IF;
    IF FOUND OR v_token IS NOT NULL THEN
        -- A fence may be open (xmax), or this call was granted before (the index): undo, and look closely.
        UPDATE latchkey._lock l SET taken = l.taken OPERATOR(pg_catalog.-) p_weight WHERE l.name OPERATOR(pg_catalog.=) p_name;
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._look_after_waits(p_session uuid, OUT look_ms bigint, OUT grants text)
 RETURNS record
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_grace bigint;
    v_due   text[];
    v_name  text;
BEGIN
    SELECT i.grace_left_ms INTO v_grace FROM latchkey._incarnation() i;
    -- The first of a queue looks again when its holder's time is up. Those behind it leave that to the first, and to their renewals;
    -- but whoever waits in the holder's own session dies with it, and is not relied upon; nor is one whose session has ended.
    -- Who would go together with those that share the lock is kept from it by somebody before it, who may be gone, or by a fence.
    SELECT array_agg(DISTINCT q.name ORDER BY q.name) FILTER (WHERE q.left_ms = 0), min(q.left_ms) FILTER (WHERE q.left_ms > 0 AND q.is_first)
      INTO v_due, look_ms
      FROM (SELECT w.name, CASE WHEN NOT latchkey._fits(w.weight, l.taken, l.permits) THEN latchkey._shares_left_ms(l.name)
                                ELSE coalesce(latchkey._ms_until(coalesce(h.expires_at, l.expires_at)), 0) END AS left_ms,
                   NOT EXISTS (SELECT FROM latchkey._waiter e JOIN latchkey._session o ON o.id = e.session AND o.expires_at > clock_timestamp()
                                WHERE e.name = w.name AND e.ticket > l.ticket AND e.ticket < w.ticket
                                  AND e.session IS DISTINCT FROM l.session) AS is_first
              FROM latchkey._waiter w
              JOIN latchkey._lock l ON l.name = w.name
              LEFT JOIN latchkey._session h ON h.id = l.session
             WHERE w.session = p_session AND w.token IS NULL) q;
    IF v_grace > 0 THEN
        look_ms := v_grace;
    ELSE
        FOREACH v_name IN ARRAY coalesce(v_due[1:100], '{}') LOOP
            look_ms := least(look_ms, CASE latchkey._settle(v_name) WHEN 'fenced' THEN 20 WHEN 'busy' THEN 5 WHEN 'grace' THEN 1000
                                                                             WHEN 'held' THEN greatest(latchkey._shares_left_ms(v_name), 20) END);
        END LOOP;
        IF cardinality(v_due) > 100 THEN
            look_ms := 0;
        END IF;
    END IF;
    SELECT string_agg(to_hex(w.request) || ':' || w.token, ';') INTO grants
      FROM latchkey._waiter w WHERE w.session = p_session AND w.token IS NOT NULL;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._ms_until(p_moment timestamp with time zone)
 RETURNS bigint
 LANGUAGE sql
AS $function$ SELECT greatest(0, ceil(date_part('epoch', p_moment - clock_timestamp()) * 1000))::bigint $function$;

CREATE OR REPLACE FUNCTION latchkey._next_token(p_last bigint)
 RETURNS bigint
 LANGUAGE sql
AS $function$ SELECT greatest(p_last + 1, (date_part('epoch', clock_timestamp()) * 1000000)::bigint) $function$;

CREATE OR REPLACE FUNCTION latchkey._notify_watchers(p_name text, p_token bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF current_setting('synchronous_commit') = 'off' AND coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
        PERFORM pg_notify(s.channel, to_hex(w.request) || ' look')
           FROM latchkey._watch w JOIN latchkey._session s ON s.id = w.session AND s.channel IS NOT NULL
          WHERE w.name = p_name AND w.token IS NOT DISTINCT FROM p_token;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._notify(p_channel text, p_request bigint, p_token bigint, p_incarnation bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    -- NOTIFY makes the commits of the whole cluster queue up until they are flushed. So it goes only with a commit that is not;
    -- after one that is, the caller asks for it in a transaction of its own: latchkey.wake(names).
    IF p_channel IS NOT NULL AND current_setting('synchronous_commit') = 'off'
       AND coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
        PERFORM pg_notify(p_channel, to_hex(p_request) || ' ' || p_token || ' ' || p_incarnation);
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._purge_runs(p_from bigint)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$  -- with the rights of the job's role, although the owner of the schema calls it
DECLARE
    v_job  bigint;
    v_last bigint;
    v_left bigint;
BEGIN
    IF to_regclass('cron.job_run_details') IS NULL THEN
        RETURN p_from;
    END IF;
    EXECUTE 'SELECT j.jobid FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text' INTO v_job USING latchkey._job_name();
    EXECUTE 'SELECT max(d.runid) FROM cron.job_run_details d' INTO v_last;
    IF p_from IS NULL OR p_from > v_last THEN  -- the first time, or the extension was created anew
        p_from := greatest(v_last - 10000, 0);
    END IF;
    -- By the primary key and piece by piece: there is no index on the job, and others may have left millions of rows.
    EXECUTE $query$
        DELETE FROM cron.job_run_details d
         WHERE d.runid > $1 AND d.runid <= $1 + 10000 AND d.jobid = $2 AND d.status IN ('succeeded', 'failed')
           AND coalesce(d.end_time, d.start_time, '-infinity') < clock_timestamp() - interval '10 minutes'$query$ USING p_from, v_job;
    EXECUTE 'SELECT min(d.runid) FROM cron.job_run_details d WHERE d.runid > $1 AND d.runid <= $1 + 10000 AND d.jobid = $2'
       INTO v_left USING p_from, v_job;
    RETURN coalesce(v_left - 1, least(p_from + 10000, v_last), p_from);
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'the runs of % in cron.job_run_details were not purged: %', latchkey._job_name(), SQLERRM;
    RETURN p_from;  -- the reaping matters more
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_candidates()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_candidates integer;
    v_watches    integer;
BEGIN
    DELETE FROM latchkey._candidate c
     WHERE c.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._candidate e
                                WHERE NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = e.session) LIMIT 1000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_candidates = ROW_COUNT;
    DELETE FROM latchkey._watch w
     WHERE w.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._watch e
                                WHERE NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = e.session) LIMIT 1000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_watches = ROW_COUNT;
    RETURN v_candidates + v_watches;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_first_shares(p_names text[])
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_name text;
    v_lock latchkey._lock;
    v_done integer := 0;
BEGIN
    FOR v_name IN
        SELECT l.name FROM latchkey._lock l
         WHERE l.name = ANY (p_names) AND l.first_session IS NOT NULL
           AND (l.first_given_back OR NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = l.first_session AND s.expires_at > clock_timestamp()))
         ORDER BY l.name
    LOOP
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM latchkey._count_shares(v_name, 0);
        PERFORM latchkey._settle(v_name);
        v_done := v_done + 1;
    END LOOP;
    RETURN v_done;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_idle_locks()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_names  text[];
    v_idle   text[];
    v_floor  bigint;
    v_purged integer;
    v_shares integer;
BEGIN
    v_names := ARRAY(SELECT l.name FROM latchkey._lock l
                      WHERE l.name > (SELECT r.lock_cursor FROM latchkey._reaper r) ORDER BY l.name LIMIT 500);
    v_shares := latchkey._reap_first_shares(v_names);
    v_idle := ARRAY(
        SELECT l.name FROM latchkey._lock l, latchkey._setting g
         WHERE l.name = ANY (v_names) AND l.granted_at < clock_timestamp() - g.idle_after AND NOT l.permits_set
           AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = l.first_session)
           AND CASE WHEN l.session IS NOT NULL THEN NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = l.session)
                    ELSE coalesce(l.expires_at < clock_timestamp() - g.idle_after, true) END
           FOR UPDATE OF l SKIP LOCKED);
    -- Who waits and who shares is asked with the rows in hand.
    WITH purged AS (
        DELETE FROM latchkey._lock l
         WHERE l.name = ANY (v_idle)
           AND NOT EXISTS (SELECT FROM latchkey._waiter w WHERE w.name = l.name)
           AND NOT EXISTS (SELECT FROM latchkey._share s WHERE s.name = l.name)
        RETURNING l.token
    )
    SELECT max(p.token), count(*) INTO v_floor, v_purged FROM purged p;
    UPDATE latchkey._setting g SET token_floor = v_floor WHERE g.token_floor < v_floor;
    UPDATE latchkey._reaper r SET lock_cursor = CASE WHEN cardinality(v_names) = 500 THEN v_names[500] ELSE '' END
     WHERE r.lock_cursor <> '' OR cardinality(v_names) = 500;
    RETURN v_purged + v_shares;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_in_turn(p_pause interval, p_limit integer, p_cron_every interval DEFAULT NULL::interval)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    -- The plain look first: a call out of turn costs one read.
    IF EXISTS (SELECT FROM latchkey._reaper r WHERE r.last_run > v_now - p_pause AND r.last_run <= v_now) THEN
        RETURN 0;
    END IF;
    IF NOT EXISTS (SELECT FROM latchkey._reaper) THEN  -- ON CONFLICT waits for one who is changing the row
        INSERT INTO latchkey._reaper (last_run) VALUES ('-infinity') ON CONFLICT DO NOTHING;
    END IF;
    PERFORM FROM latchkey._reaper r WHERE r.only_row FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    UPDATE latchkey._reaper r
       SET last_run   = v_now,
           cron_run   = CASE WHEN p_cron_every IS NULL THEN r.cron_run ELSE v_now END,
           cron_every = coalesce(p_cron_every, r.cron_every)
     WHERE r.only_row;
    IF (SELECT i.grace_left_ms FROM latchkey._incarnation() i) > 0 THEN
        RETURN 0;
    END IF;
    RETURN latchkey._reap_sessions(p_limit) + latchkey._reap_shares(p_limit) + latchkey._reap_queues(p_limit) + latchkey._reap_idle_locks() + latchkey._reap_candidates();
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_queues(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_names text[];
    v_read  integer;
    v_next  text;
    v_name  text;
    v_done  integer := 0;
BEGIN
    SELECT array_agg(DISTINCT c.name ORDER BY c.name)
               FILTER (WHERE s.id IS NULL OR coalesce(h.expires_at, l.expires_at, '-infinity') <= clock_timestamp()),
           count(*), max(c.name)
      INTO v_names, v_read, v_next
      FROM (SELECT w.name, w.session FROM latchkey._waiter w
             WHERE w.name > (SELECT r.waiter_cursor FROM latchkey._reaper r) ORDER BY w.name LIMIT 1000) c
      LEFT JOIN latchkey._session s ON s.id = c.session
      LEFT JOIN latchkey._lock l ON l.name = c.name
      LEFT JOIN latchkey._session h ON h.id = l.session;
    IF v_read < 1000 THEN
        v_next := '';
    END IF;
    FOREACH v_name IN ARRAY coalesce(v_names, '{}') LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM latchkey._lock l WHERE l.name = v_name AND latchkey._seems_held_ms(l, NULL) = 0)
                  AND NOT EXISTS (SELECT FROM latchkey._waiter w LEFT JOIN latchkey._session s ON s.id = w.session WHERE w.name = v_name AND s.id IS NULL);
        PERFORM FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        DELETE FROM latchkey._waiter w WHERE w.name = v_name AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = w.session);
        PERFORM latchkey._settle(v_name);
        v_done := v_done + 1;
        IF v_done >= p_limit THEN
            v_next := v_name;
            EXIT;
        END IF;
    END LOOP;
    UPDATE latchkey._reaper r SET waiter_cursor = v_next WHERE r.waiter_cursor <> v_next;
    RETURN v_done;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_sessions(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_pages bigint := pg_relation_size('latchkey._session') / current_setting('block_size')::bigint;
    v_from  bigint := (SELECT CASE WHEN r.session_page < v_pages THEN r.session_page ELSE 0 END FROM latchkey._reaper r);
    v_next  bigint := CASE WHEN v_from + 1000 < v_pages THEN v_from + 1000 ELSE 0 END;
    v_ended integer;
BEGIN
    -- Page by page: an index on the end of sessions would cost each renewal, and all of a big table each call.
    DELETE FROM latchkey._session s
     WHERE s.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._session e
                                WHERE e.ctid >= format('(%s,0)', v_from)::tid AND e.ctid < format('(%s,0)', v_from + 1000)::tid
                                  AND e.expires_at <= clock_timestamp() LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_ended = ROW_COUNT;
    IF v_ended >= p_limit THEN
        v_next := v_from;
    END IF;
    UPDATE latchkey._reaper r SET session_page = v_next WHERE r.session_page <> v_next;
    RETURN v_ended;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_shares(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_names text[];
    v_read  integer;
    v_name  text := '';
    v_lock  latchkey._lock;
    v_done  integer := 0;
BEGIN
    SELECT array_agg(DISTINCT c.name ORDER BY c.name), count(*) INTO v_names, v_read
      FROM (SELECT h.name FROM latchkey._share h
             WHERE h.name > (SELECT r.share_cursor FROM latchkey._reaper r) ORDER BY h.name LIMIT 1000) c;
    FOREACH v_name IN ARRAY coalesce(v_names, '{}') LOOP
        CONTINUE WHEN latchkey._shares_left_ms(v_name) > 0;
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM latchkey._count_shares(v_name, 0);  -- even those that a resumed exclusive lease has made void
        PERFORM latchkey._settle(v_name);
        v_done := v_done + 1;
        EXIT WHEN v_done >= p_limit;
    END LOOP;
    UPDATE latchkey._reaper r SET share_cursor = CASE WHEN v_done >= p_limit OR v_read = 1000 THEN v_name ELSE '' END
     WHERE r.share_cursor <> '' OR v_done >= p_limit OR v_read = 1000;
    RETURN v_done;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reaper_obstacle(OUT state text, OUT problem text, OUT hint text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_loaded   boolean;
    v_database text;
BEGIN
    BEGIN
        v_database := current_setting('cron.database_name', true);
        v_loaded := EXISTS (SELECT FROM pg_settings s WHERE s.name = 'cron.database_name');  -- if not, it is a line that nobody reads
    EXCEPTION WHEN insufficient_privilege THEN
        v_loaded := true;  -- and only members of pg_read_all_settings may know where
    END;
    IF NOT v_loaded AND NOT EXISTS (SELECT FROM pg_available_extensions e WHERE e.name = 'pg_cron') THEN
        state   := 'LK010';
        problem := 'pg_cron is not installed on this server';
        hint    := format('Install it (Debian: apt-get install postgresql-%s-cron), set shared_preload_libraries = ''pg_cron'' and restart the server.',
                          current_setting('server_version_num')::integer / 10000);
    ELSIF NOT v_loaded THEN
        state   := 'LK011';
        problem := 'pg_cron is installed, but not loaded';
        hint    := 'Add it to shared_preload_libraries (shared_preload_libraries = ''pg_cron'') and restart the server.';
    ELSIF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
        IF v_database = current_database() THEN
            state   := 'LK010';
            problem := 'the extension pg_cron is not created in this database';
            hint    := 'CREATE EXTENSION pg_cron;';
        ELSE
            state   := 'LK012';
            problem := format('pg_cron works in %s, not in %I', CASE WHEN v_database IS NULL THEN 'another database' ELSE format('the database %I', v_database) END, current_database());
            hint    := format('%s: %s (Before pg_cron 1.5 it is ''* * * * *'' instead of ''1 second'', and ''1 minute'' for the reaper.)%s',
                              CASE WHEN v_database IS NULL THEN 'In the database that cron.database_name names run' ELSE format('In the database %I run', v_database) END,
                              latchkey.reaper_statement(),
                              CASE WHEN v_database IS NULL THEN format(' If it names %I: CREATE EXTENSION pg_cron;', current_database()) ELSE '' END);
        END IF;
    ELSIF NOT has_schema_privilege('cron', 'USAGE') THEN
        state   := 'LK013';
        problem := format('the role %I may not use pg_cron', current_user);
        hint    := format('GRANT USAGE ON SCHEMA cron TO %I;', current_user);
    ELSIF NOT (SELECT r.rolcanlogin FROM pg_roles r WHERE r.rolname = current_user) THEN
        state   := 'LK013';
        problem := format('pg_cron cannot run a job as %I, which may not log in', current_user);
        hint    := format('ALTER ROLE %I LOGIN; or run roles.sql (again), which gives the job a role of its own.', current_user);
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._refuse_request()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM latchkey._refuse('LK002', 'this request number belongs to another call of the session', 'Choose a random number for each call.');
END $function$;

CREATE OR REPLACE FUNCTION latchkey._refuse_token(p_token bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM latchkey._refuse('LK001', format('the lease with fencing token %s is not current any more', p_token),
                             'It was released or it expired, or the database recovers from a crash and its holder has not resumed yet. Roll back.');
END $function$;

CREATE OR REPLACE FUNCTION latchkey._refuse(p_sqlstate text, p_message text, p_hint text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION USING ERRCODE = p_sqlstate, MESSAGE = p_message, HINT = p_hint;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._release_share(p_session uuid, p_name text, p_token bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_share latchkey._share;
    v_reply latchkey.reply;
BEGIN
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    IF v_lock.first_token = p_token AND v_lock.first_session = p_session AND NOT v_lock.first_given_back THEN
        v_share.weight := v_lock.first_weight;
        UPDATE latchkey._lock l SET first_session = NULL
         WHERE l.ctid = (SELECT e.ctid FROM latchkey._lock e WHERE e.name = p_name FOR UPDATE SKIP LOCKED);
        IF NOT FOUND THEN
            UPDATE latchkey._lock l SET first_given_back = true WHERE l.name = p_name;
            v_reply.outcome := 'fenced';
            RETURN v_reply;
        END IF;
        v_lock.first_session := NULL;
    ELSE
        SELECT * INTO v_share FROM latchkey._share h
         WHERE h.name = p_name AND h.token = p_token AND h.session = p_session AND NOT h.given_back;
        IF NOT FOUND THEN
            v_reply.outcome := 'not_held';
            SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
            RETURN v_reply;
        END IF;
        DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_share.ticket;
        DELETE FROM latchkey._share h
         WHERE h.ctid = (SELECT e.ctid FROM latchkey._share e WHERE e.name = p_name AND e.token = p_token FOR UPDATE SKIP LOCKED);
        IF NOT FOUND THEN
            UPDATE latchkey._share h SET given_back = true WHERE h.name = p_name AND h.token = p_token;
            v_reply.outcome := 'fenced';
            RETURN v_reply;
        END IF;
    END IF;
    v_lock.taken := v_lock.taken - v_share.weight;
    UPDATE latchkey._lock l
       SET taken = v_lock.taken,
           -- In the grace period it stays: others that share the lock may not have resumed yet, see _resume_share.
           waiting = l.queued OR v_lock.taken > 0 OR l.permits IS NOT NULL
                  OR NOT EXISTS (SELECT FROM latchkey._incarnation i WHERE i.granting_from <= clock_timestamp())
     WHERE l.name = p_name;
    v_reply.outcome := CASE WHEN v_lock.queued THEN latchkey._hand_over(v_lock) ELSE 'free' END;
    IF v_reply.outcome NOT IN ('fenced', 'grace') THEN
        v_reply.outcome := CASE v_reply.outcome WHEN 'granted' THEN 'handed_over' ELSE 'released' END;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._release_timed(p_name text, p_token bigint, p_request bigint, p_keep_at_least boolean)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_reply latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    SELECT * INTO v_lock FROM latchkey._lock l
     WHERE l.name = p_name AND l.token = p_token AND l.request = p_request AND l.expires_at IS NOT NULL FOR NO KEY UPDATE;
    IF NOT FOUND OR v_lock.expires_at <= clock_timestamp() THEN
        v_reply.outcome := 'not_held';
        RETURN v_reply;
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_lock.ticket;
    v_reply.outcome := 'released';
    IF p_keep_at_least AND v_lock.at_least > clock_timestamp() THEN
        UPDATE latchkey._lock l SET expires_at = l.at_least, request = NULL WHERE l.name = p_name;
    ELSIF NOT v_lock.waiting THEN
        PERFORM latchkey._clear(p_name, false);
    ELSE
        v_reply.outcome := latchkey._hand_over(v_lock);
        IF v_reply.outcome IN ('fenced', 'grace') THEN
            PERFORM latchkey._clear(p_name, true);
        ELSE
            v_reply.outcome := CASE v_reply.outcome WHEN 'granted' THEN 'handed_over' ELSE 'released' END;
        END IF;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._release(p_session uuid, p_name text, p_token bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock     latchkey._lock;
    v_unfenced boolean;
    v_reply    latchkey.reply;
BEGIN
    -- Most often nobody else is at it and no fence is open, and one row lock serves for both questions.
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND l.session = p_session FOR UPDATE SKIP LOCKED;
    v_unfenced := FOUND;
    IF NOT v_unfenced THEN
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND l.session = p_session FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            v_reply.outcome := 'not_held';
            SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
            RETURN v_reply;
        END IF;
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_lock.ticket;
    v_reply.outcome := latchkey._hand_over(v_lock, v_unfenced);
    IF v_reply.outcome IN ('fenced', 'grace') THEN
        PERFORM latchkey._clear(p_name, true);
    ELSE
        v_reply.outcome := CASE v_reply.outcome WHEN 'granted' THEN 'handed_over' ELSE 'released' END;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._remaining_ms(p_session uuid, p_expires_at timestamp with time zone)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF p_session IS NOT NULL THEN
        RETURN coalesce((SELECT latchkey._ms_until(s.expires_at) FROM latchkey._session s WHERE s.id = p_session), 0);
    END IF;
    RETURN coalesce(latchkey._ms_until(p_expires_at), 0);
END $function$;

CREATE OR REPLACE FUNCTION latchkey._resume_lease(p_name text, p_token bigint, p_request bigint, p_old uuid, p_new uuid, p_holder text, p_left_ms bigint)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_lock latchkey._lock;
BEGIN
    PERFORM latchkey._check_name(p_name);
    INSERT INTO latchkey._lock (name, token, granted_at) VALUES (p_name, 0, clock_timestamp()) ON CONFLICT DO NOTHING;
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    -- The higher token wins. The same token needs the same owner: what it released is not its own any more.
    IF v_lock.token > p_token
       OR v_lock.token = p_token AND (v_lock.request IS DISTINCT FROM p_request
                                      OR p_left_ms IS NULL AND coalesce(v_lock.session NOT IN (p_old, p_new), true)) THEN
        RETURN false;
    ELSIF v_lock.permits IS NOT NULL THEN
        RETURN false;
    END IF;
    PERFORM latchkey._void_shares(p_name);
    IF p_left_ms IS NULL THEN
        UPDATE latchkey._lock l SET token = p_token, request = p_request, session = p_new, taken = 0, shared_above = p_token,
               expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL WHERE l.name = p_name;
    ELSIF v_lock.token < p_token THEN
        UPDATE latchkey._lock l SET token = p_token, request = p_request, session = NULL, taken = 0, shared_above = p_token,
               expires_at = latchkey._after_ms(p_left_ms), lease_ms = p_left_ms, at_least = NULL, holder = p_holder WHERE l.name = p_name;
    END IF;
    RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._resume_share(p_name text, p_token bigint, p_request bigint, p_old uuid, p_new uuid, p_weight integer, p_permits integer)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_lock latchkey._lock;
BEGIN
    PERFORM latchkey._insert_lock(p_name, p_permits);
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    IF (v_lock.permits IS NULL) <> (p_permits IS NULL) OR p_weight < 1 OR p_permits IS NULL AND p_weight > 1 THEN
        RETURN false;
    ELSIF v_lock.token >= p_token AND (v_lock.request IS NOT NULL OR NOT v_lock.waiting OR p_token <= v_lock.shared_above) THEN
        RETURN false;  -- an exclusive lease was granted after it, or all shares were given back
    ELSIF EXISTS (SELECT FROM latchkey._share h WHERE h.request = p_request AND h.session = p_new AND (h.name <> p_name OR h.token <> p_token)) THEN
        RETURN false;  -- one call, one lease
    ELSIF v_lock.first_token = p_token AND v_lock.first_session IS NOT NULL THEN
        IF v_lock.first_request <> p_request OR coalesce(v_lock.first_session NOT IN (p_old, p_new), true) OR v_lock.first_given_back THEN
            RETURN false;
        END IF;
        UPDATE latchkey._lock l SET first_session = NULL, first_token = NULL WHERE l.name = p_name;  -- from here on a row like the others
    END IF;
    INSERT INTO latchkey._share (name, token, session, request, weight, granted_at, ticket)
    VALUES (p_name, p_token, p_new, p_request, p_weight, clock_timestamp(), 0)  -- with a ticket: its release has no short cut
    ON CONFLICT (name, token) DO UPDATE SET session = p_new
     WHERE _share.request = p_request AND _share.session IN (p_old, p_new) AND NOT _share.given_back;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- An exclusive lease with a lower token was over when this was granted.
    UPDATE latchkey._lock l
       SET token = greatest(l.token, p_token), waiting = true, session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL,
           at_least = NULL, holder = NULL,
           shared_above = CASE WHEN l.waiting AND l.request IS NULL THEN l.shared_above ELSE l.token END
     WHERE l.name = p_name;
    UPDATE latchkey._lock l
       SET taken = (SELECT sum(h.weight) FROM latchkey._shares h WHERE h.name = p_name AND h.token > l.shared_above)
     WHERE l.name = p_name;
    RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._run_shared(p_session uuid, p_call text, p_name text, p_number bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_word pg_catalog.text := pg_catalog.split_part(p_call, ' ', 1);
    v_rest pg_catalog.text := pg_catalog.split_part(p_call, ' ', 2);
BEGIN
    IF v_word OPERATOR(pg_catalog.=) 'give_back' THEN
        RETURN latchkey.release_shared(p_session, p_name, p_number);
    ELSIF v_word OPERATOR(pg_catalog.=) ANY (ARRAY['read', 'try_read']) THEN
        RETURN latchkey.acquire_shared(p_session, p_name, p_number, v_word OPERATOR(pg_catalog.=) 'read');
    ELSIF v_word OPERATOR(pg_catalog.=) ANY (ARRAY['permits', 'try_permits']) THEN
        RETURN latchkey.acquire_shared(p_session, p_name, p_number, v_word OPERATOR(pg_catalog.=) 'permits',
                                       pg_catalog.split_part(v_rest, '/', 1)::pg_catalog.int4, pg_catalog.split_part(v_rest, '/', 2)::pg_catalog.int4);
    ELSIF v_word OPERATOR(pg_catalog.=) 'downgrade' THEN
        RETURN latchkey._downgrade(p_session, p_name, p_number, v_rest::pg_catalog.int8)::pg_catalog.text;
    ELSIF v_word OPERATOR(pg_catalog.=) 'upgrade' THEN
        RETURN latchkey._upgrade(p_session, p_name, p_number, v_rest::pg_catalog.int8)::pg_catalog.text;
    END IF;
    PERFORM latchkey._refuse('LK002', 'there is no such call in a batch', 'The comment on latchkey.run_batch lists them.');
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._seems_held_ms(p_lock latchkey._lock, p_weight integer)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_left bigint := latchkey._remaining_ms(p_lock.session, p_lock.expires_at);
BEGIN
    IF v_left = 0 AND p_lock.taken > 0 AND (p_lock.queued OR NOT latchkey._fits(p_weight, p_lock.taken, p_lock.permits)) THEN
        RETURN latchkey._shares_left_ms(p_lock.name);
    END IF;
    RETURN v_left;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._settle(p_name text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_lock    latchkey._lock;
    v_outcome text;
BEGIN
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'busy';
    ELSIF NOT v_lock.waiting OR latchkey._holder_left_ms(v_lock) > 0 THEN
        RETURN 'settled';
    END IF;
    v_outcome := CASE WHEN v_lock.queued THEN latchkey._hand_over(v_lock) ELSE 'free' END;
    IF v_outcome = 'free' AND v_lock.taken > 0 AND (SELECT i.grace_left_ms FROM latchkey._incarnation() i) > 0 THEN
        RETURN 'grace';  -- those that seem to be over may resume yet
    ELSIF v_lock.taken > 0 AND v_outcome IN ('free', 'granted', 'held') THEN
        SELECT CASE WHEN c.fenced THEN 'fenced' ELSE v_outcome END INTO v_outcome FROM latchkey._count_shares(p_name, v_lock.shared_above) c;
    END IF;
    RETURN replace(v_outcome, 'free', 'settled');
END $function$;

CREATE OR REPLACE FUNCTION latchkey._shares_left_ms(p_name text)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
BEGIN
    RETURN (SELECT coalesce(min(CASE WHEN h.given_back THEN 0 ELSE coalesce(latchkey._ms_until(s.expires_at), 0) END), 0)
              FROM latchkey._lock l
              JOIN latchkey._shares h ON h.name = l.name AND h.token > l.shared_above
              LEFT JOIN latchkey._session s ON s.id = h.session
             WHERE l.name = p_name);
END $function$;

CREATE OR REPLACE FUNCTION latchkey._spread_tables()
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
END $function$;

CREATE OR REPLACE FUNCTION latchkey._upgrade(p_session uuid, p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_grace bigint;
    v_reply latchkey.reply;
BEGIN
    PERFORM latchkey._check_request(p_request);
    SELECT i.id, i.grace_left_ms INTO v_reply.incarnation, v_grace FROM latchkey._incarnation() i;
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    IF v_lock.session = p_session AND v_lock.request = p_request THEN  -- done already, the answer was lost
        v_reply.outcome := 'granted';
        v_reply.token := v_lock.token;
        RETURN v_reply;
    END IF;
    PERFORM FROM latchkey._shares h
      JOIN latchkey._session s ON s.id = h.session AND s.expires_at > clock_timestamp()
     WHERE h.name = p_name AND h.token = p_token AND h.session = p_session AND NOT h.given_back AND v_lock.permits IS NULL;
    IF NOT FOUND THEN
        v_reply.outcome := 'not_held';
        RETURN v_reply;
    END IF;
    v_reply.outcome := 'held';
    IF v_grace > 0 THEN  -- other readers may not have resumed yet
        v_reply.retry_ms := v_grace;
        RETURN v_reply;
    END IF;
    SELECT c.taken, c.left_ms INTO v_lock.taken, v_reply.retry_ms FROM latchkey._count_shares(p_name, v_lock.shared_above) c;
    IF v_lock.taken > 1 THEN
        RETURN v_reply;
    END IF;
    -- No transaction under a fence of this share, nor of the exclusive lease that it may have been downgraded from.
    PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR UPDATE SKIP LOCKED;
    IF FOUND AND (v_lock.first_session IS NULL OR v_lock.first_token <> p_token) THEN
        PERFORM FROM latchkey._share h WHERE h.name = p_name AND h.token = p_token FOR UPDATE SKIP LOCKED;
    END IF;
    IF NOT FOUND THEN
        v_reply.retry_ms := 20;
        RETURN v_reply;
    END IF;
    DELETE FROM latchkey._waiter w USING latchkey._share h WHERE h.name = p_name AND h.token = p_token AND w.name = h.name AND w.ticket = h.ticket;
    DELETE FROM latchkey._share h WHERE h.name = p_name AND h.token = p_token;
    v_reply.outcome := 'granted';
    v_reply.retry_ms := NULL;
    v_reply.token := latchkey._grant(p_name, p_session, p_request, NULL, NULL, NULL, v_lock.ticket, v_lock.queued);
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._void_shares(p_name text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    UPDATE latchkey._share h SET given_back = true WHERE h.name = p_name AND NOT h.given_back;
    DELETE FROM latchkey._share h WHERE h.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._share e WHERE e.name = p_name FOR UPDATE SKIP LOCKED));
    UPDATE latchkey._lock l SET first_session = NULL, first_given_back = false WHERE l.name = p_name AND l.first_session IS NOT NULL;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._withdraw(p_session uuid, p_name text, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_token bigint;
    v_reply latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    v_reply.outcome := 'withdrawn';
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    IF v_lock.session = p_session AND v_lock.request = p_request THEN
        v_reply := latchkey._release(p_session, p_name, v_lock.token);
    ELSIF v_lock.request = p_request AND v_lock.expires_at IS NOT NULL THEN
        v_reply := latchkey._release_timed(p_name, v_lock.token, p_request, false);
    ELSIF v_lock.taken > 0 THEN
        SELECT s.token INTO v_token FROM latchkey._shares s WHERE s.session = p_session AND s.request = p_request AND s.name = p_name;
        IF FOUND THEN
            v_reply := latchkey._release_share(p_session, p_name, v_token);
        END IF;
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.session = p_session AND w.request = p_request;
    IF FOUND AND v_lock.taken > 0 THEN
        PERFORM latchkey._settle(p_name);  -- it may have kept others waiting that fit
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.acquire_lock(p_session uuid, p_name text, p_request bigint, p_wait boolean)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_reply pg_catalog.text;
BEGIN
    -- A known lock that is free, with an empty queue, no open fence and no grace period.
    UPDATE latchkey._lock l
       SET session = p_session, request = p_request, granted_at = pg_catalog.clock_timestamp(),
           token = greatest(l.token OPERATOR(pg_catalog.+) 1,
                            (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::bigint)
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.session IS NULL AND l.expires_at IS NULL AND NOT l.waiting
       -- What this transaction gave back itself, in a subtransaction or not, is looked at closely: a fence that still sees it held
       -- must wait for our commit. (Our numbers, and those of transactions that began after us, have an age of 0 or less.)
       AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0
       AND EXISTS (SELECT FROM latchkey._session s
                    WHERE s.id OPERATOR(pg_catalog.=) p_session
                      AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                      AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
    RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 AND p_request IS NOT NULL
                   THEN '(granted,' OPERATOR(pg_catalog.||) l.token::pg_catalog.text OPERATOR(pg_catalog.||) ',,,)' END INTO v_reply;
    IF v_reply IS NULL THEN
        IF FOUND THEN
            -- An update hands the open row locks of others on to the row's new version: that is what xmax tells, in one node of a
            -- plan instead of three. So a fence may be open: undo, and look closely.
            PERFORM latchkey._clear(p_name, false);
        END IF;
        v_reply := latchkey._acquire(p_session, p_name, p_request, p_wait, NULL, NULL, NULL)::pg_catalog.text;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.acquire_locks(p_session uuid, p_names text[], p_requests bigint[], p_all boolean)
 RETURNS text[]
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_call    record;
    v_reply   latchkey.reply;
    v_replies text[] := array_fill(NULL::text, ARRAY[cardinality(p_names)]);
    v_taken   text[] := '{}';
    v_tokens  bigint[] := '{}';
BEGIN
    IF p_all THEN
        -- A look first, as in _acquire: a call that cannot have them all writes nothing.
        SELECT u.place INTO v_call
          FROM unnest(p_names, p_requests) WITH ORDINALITY u (name, request, place) JOIN latchkey._lock l ON l.name = u.name
         WHERE l.request IS DISTINCT FROM u.request AND latchkey._remaining_ms(l.session, l.expires_at) > 0
         ORDER BY u.name COLLATE "C" LIMIT 1;
        IF FOUND THEN
            v_reply.outcome := 'held';
            v_replies[v_call.place] := v_reply::text;
            RETURN v_replies;
        END IF;
    END IF;
    -- In the order of the names, over all calls: whoever holds some of them waits only for one that comes after all of those.
    FOR v_call IN
        SELECT u.* FROM unnest(p_names, p_requests) WITH ORDINALITY u (name, request, place) ORDER BY u.name COLLATE "C"
    LOOP
        v_reply := latchkey.acquire_lock(p_session, v_call.name, v_call.request, false)::latchkey.reply;
        IF v_reply.outcome <> 'granted' THEN
            IF p_all THEN
                FOR i IN 1 .. cardinality(v_taken) LOOP
                    PERFORM latchkey.release_lock(p_session, v_taken[i], v_tokens[i]);
                END LOOP;
                v_replies := array_fill(NULL::text, ARRAY[cardinality(p_names)]);
            END IF;
            v_replies[v_call.place] := v_reply::text;
            EXIT;
        END IF;
        v_replies[v_call.place] := v_reply::text;
        v_taken := v_taken || v_call.name::text;
        v_tokens := v_tokens || v_reply.token;
    END LOOP;
    RETURN v_replies;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.acquire_shared(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_weight integer DEFAULT 1, p_permits integer DEFAULT NULL::integer)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_token pg_catalog.int8 := (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8;
    v_reply pg_catalog.text;
BEGIN
    -- Two statements and no CASE in one: PostgreSQL prepares each operator of a statement anew for each call, used or not.
    IF p_permits IS NULL THEN
        -- A known lock that nobody has; nobody waits, no open fence, no grace period. For xmax and age see acquire_lock.
        UPDATE latchkey._lock l
           SET token = v_token, granted_at = pg_catalog.clock_timestamp(), waiting = true, taken = 1, shared_above = l.token,
               first_session = p_session, first_request = p_request, first_token = v_token, first_weight = 1
         WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.session IS NULL AND l.expires_at IS NULL AND NOT l.queued
           AND l.taken OPERATOR(pg_catalog.=) 0 AND l.permits IS NULL AND p_weight OPERATOR(pg_catalog.=) 1
           AND l.token OPERATOR(pg_catalog.<) v_token AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0
           AND EXISTS (SELECT FROM latchkey._session s
                        WHERE s.id OPERATOR(pg_catalog.=) p_session
                          AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                          AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
        RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 AND p_request IS NOT NULL
                       THEN '(granted,' OPERATOR(pg_catalog.||) v_token::pg_catalog.text OPERATOR(pg_catalog.||) ',,,)' END INTO v_reply;
    ELSE
        -- A known semaphore with all its permits; and the same.
        UPDATE latchkey._lock l
           SET token = v_token, granted_at = pg_catalog.clock_timestamp(), taken = p_weight, shared_above = l.token,
               first_session = p_session, first_request = p_request, first_token = v_token, first_weight = p_weight
         WHERE l.name OPERATOR(pg_catalog.=) p_name AND NOT l.queued AND l.taken OPERATOR(pg_catalog.=) 0
           AND l.permits OPERATOR(pg_catalog.=) p_permits AND p_weight OPERATOR(pg_catalog.>) 0 AND p_weight OPERATOR(pg_catalog.<=) p_permits
           AND l.token OPERATOR(pg_catalog.<) v_token AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0
           AND EXISTS (SELECT FROM latchkey._session s
                        WHERE s.id OPERATOR(pg_catalog.=) p_session
                          AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                          AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
        RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 AND p_request IS NOT NULL
                       THEN '(granted,' OPERATOR(pg_catalog.||) v_token::pg_catalog.text OPERATOR(pg_catalog.||) ',,,)' END INTO v_reply;
    END IF;
    IF v_reply IS NULL THEN
        IF FOUND THEN
            UPDATE latchkey._lock l SET taken = 0, first_session = NULL WHERE l.name OPERATOR(pg_catalog.=) p_name;
        ELSE
            v_reply := latchkey._join_shares(p_session, p_name, p_request, p_weight, p_permits);
        END IF;
        IF v_reply IS NULL THEN
            v_reply := latchkey._acquire(p_session, p_name, p_request, p_wait, NULL, NULL, NULL,
                                         CASE WHEN p_permits IS NULL THEN 1 ELSE coalesce(p_weight, 0) END, p_permits)::pg_catalog.text;
        END IF;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.acquire_timed(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_at_most_ms bigint, p_at_least_ms bigint, p_holder text)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    IF coalesce(p_at_most_ms OPERATOR(pg_catalog.<) 1 OR p_at_most_ms OPERATOR(pg_catalog.>) 31536000000
                OR p_at_least_ms OPERATOR(pg_catalog.<) 0 OR p_at_least_ms OPERATOR(pg_catalog.>) p_at_most_ms
                OR pg_catalog.octet_length(p_holder) OPERATOR(pg_catalog.<) 1 OR pg_catalog.octet_length(p_holder) OPERATOR(pg_catalog.>) 512, true)
       OR p_request IS NULL THEN
        PERFORM latchkey._check_lease(p_at_most_ms, p_at_least_ms);
        PERFORM latchkey._check_holder(p_holder);
        PERFORM latchkey._check_request(p_request);
    END IF;
    IF NOT p_wait THEN
        -- A known lock that nobody holds, with an empty queue, no open fence and no grace period. FOR UPDATE with SKIP LOCKED asks for
        -- all of what a grant needs, and waits for nothing; the clock is read once the row is locked.
        UPDATE latchkey._lock l
           SET session = NULL, request = p_request, granted_at = pg_catalog.clock_timestamp(), holder = p_holder, lease_ms = p_at_most_ms,
               expires_at = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) (p_at_most_ms OPERATOR(pg_catalog.*) '1 millisecond'::pg_catalog.interval),
               at_least   = CASE WHEN p_at_least_ms OPERATOR(pg_catalog.>) 0
                                 THEN pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) (p_at_least_ms OPERATOR(pg_catalog.*) '1 millisecond'::pg_catalog.interval) END,
               token = greatest(l.token OPERATOR(pg_catalog.+) 1,
                                (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::bigint)
         WHERE l.ctid OPERATOR(pg_catalog.=) (
                SELECT f.ctid FROM latchkey._lock f
                 WHERE f.name OPERATOR(pg_catalog.=) p_name AND f.session IS NULL AND NOT f.waiting
                   AND coalesce(f.expires_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp(), true)
                   AND pg_catalog.age(f.xmin) OPERATOR(pg_catalog.>) 0
                   AND EXISTS (SELECT FROM latchkey._incarnation i WHERE i.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
                   FOR UPDATE SKIP LOCKED)
        RETURNING l.token INTO v_reply.token;
        IF FOUND THEN
            v_reply.outcome := 'granted';
            RETURN v_reply;
        END IF;
    END IF;
    RETURN latchkey._acquire(p_session, p_name, p_request, p_wait, p_at_most_ms, p_at_least_ms, p_holder);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.add_watch(p_session uuid, p_request bigint, p_name text, p_token bigint DEFAULT NULL::bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    PERFORM latchkey._check_name(p_name);
    PERFORM latchkey._check_request(p_request);
    IF NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp()) THEN
        RETURN false;
    END IF;
    INSERT INTO latchkey._watch (session, request, name, token) VALUES (p_session, p_request, p_name, p_token)
    ON CONFLICT (session, request) DO NOTHING;
    RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.announce_leader(p_name text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    PERFORM latchkey._notify_watchers(p_name, NULL);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.audit_permits(p_name text, OUT permits integer, OUT in_use integer, OUT waiting integer)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    SELECT s.permits, s.in_use, s.waiting INTO permits, in_use, waiting FROM latchkey.semaphores s WHERE s.name = p_name;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.audit_server(OUT held_back_xids bigint, OUT oldest_transaction_ms bigint, OUT notification_queue double precision, OUT grace_left_ms bigint)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    -- Everybody may see these ages. Who is a member of pg_read_all_stats sees the time of other roles' transactions, too.
    SELECT greatest(max(age(a.backend_xmin)), max(age(a.backend_xid)),
                    (SELECT max(age(p.transaction)) FROM pg_prepared_xacts p),
                    (SELECT max(age(s.xmin)) FROM pg_replication_slots s), 0),
           ceil(date_part('epoch', clock_timestamp() - min(a.xact_start) FILTER (WHERE coalesce(a.backend_xmin, a.backend_xid) IS NOT NULL)) * 1000)
      INTO held_back_xids, oldest_transaction_ms
      FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid();
    notification_queue := pg_notification_queue_usage();
    -- A plain look: a missing marker is put back by the next call that grants, not by one that watches.
    SELECT greatest(ceil(date_part('epoch', i.granting_from - clock_timestamp()) * 1000), 0) INTO grace_left_ms FROM latchkey._incarnation i;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.audit_session(p_session uuid)
 RETURNS TABLE(name text, token bigint, request bigint)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
    SELECT l.name, l.token, l.request FROM latchkey._lock l WHERE l.session = p_session
     UNION ALL
    SELECT s.name, s.token, s.request FROM latchkey._shares s WHERE s.session = p_session AND NOT s.given_back
$function$;

CREATE OR REPLACE FUNCTION latchkey.check_watches(p_session uuid, p_requests bigint[] DEFAULT NULL::bigint[])
 RETURNS TABLE(request bigint, asked boolean, leader text, holder text, metadata text, term bigint)
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN QUERY
    SELECT w.request, w.asked_at IS NOT NULL, l.leader, l.holder, l.metadata, l.term
      FROM latchkey._watch w LEFT JOIN latchkey.leaders l ON w.token IS NULL AND l.election = w.name
     WHERE w.session = p_session AND (p_requests IS NULL OR w.request = ANY (p_requests));
END $function$;

CREATE OR REPLACE FUNCTION latchkey.close_session(p_session uuid, p_names text[] DEFAULT NULL::text[])
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET lock_timeout TO '5s'
AS $function$
DECLARE
    v_name text;
    v_lock latchkey._lock;
BEGIN
    FOR v_name IN
        SELECT n FROM unnest(p_names) n
         UNION SELECT w.name FROM latchkey._waiter w WHERE w.session = p_session
         UNION SELECT s.name FROM latchkey._share s WHERE s.session = p_session
         UNION SELECT l.name FROM latchkey._lock l WHERE p_names IS NULL AND (l.session = p_session OR l.first_session = p_session)
         ORDER BY 1
    LOOP
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE;
        DELETE FROM latchkey._waiter w WHERE w.name = v_name AND w.session = p_session;
        IF v_lock.session = p_session THEN
            PERFORM latchkey._release(p_session, v_name, v_lock.token);
        ELSIF v_lock.taken > 0 THEN
            PERFORM latchkey._release_share(p_session, v_name, s.token) FROM latchkey._shares s WHERE s.session = p_session AND s.name = v_name;
            PERFORM latchkey._settle(v_name);  -- its place in the queue may have kept others waiting that fit
        END IF;
    END LOOP;
    DELETE FROM latchkey._session s WHERE s.id = p_session;
    RETURN FOUND;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.confirm_timed(p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    UPDATE latchkey._lock l SET token = l.token
     WHERE l.name = p_name AND l.token = p_token AND l.request = p_request AND l.expires_at > clock_timestamp()
    RETURNING l.token, latchkey._ms_until(l.expires_at) INTO v_reply.token, v_reply.retry_ms;
    v_reply.outcome := CASE WHEN FOUND THEN 'granted' ELSE 'not_held' END;
    DELETE FROM latchkey._waiter w USING latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND w.name = l.name AND w.ticket = l.ticket;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.describe_candidate(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    PERFORM latchkey._check_candidate(p_id, p_metadata);
    IF EXISTS (SELECT FROM latchkey._lock l WHERE l.name = p_name AND l.session = p_session AND l.request = p_request)
       OR EXISTS (SELECT FROM latchkey._waiter w WHERE w.session = p_session AND w.request = p_request AND w.name = p_name) THEN
        PERFORM latchkey._describe(p_session, p_name, p_request, p_id, p_metadata);
        RETURN true;
    END IF;
    RETURN false;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.downgrade_lock(p_session uuid, p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._downgrade(p_session, p_name, p_token, p_request);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.extend_timed(p_name text, p_token bigint, p_request bigint, p_at_most_ms bigint, p_at_least_ms bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    PERFORM latchkey._check_lease(p_at_most_ms, p_at_least_ms);
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;  -- the row first, then the clock
    UPDATE latchkey._lock l
       SET expires_at = latchkey._after_ms(p_at_most_ms), lease_ms = p_at_most_ms, at_least = latchkey._after_ms(nullif(p_at_least_ms, 0))
     WHERE l.name = p_name AND l.token = p_token AND l.request = p_request AND l.expires_at > clock_timestamp()
    RETURNING l.token INTO v_reply.token;
    v_reply.outcome := CASE WHEN FOUND THEN 'granted' ELSE 'not_held' END;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.fence(p_name text, p_token bigint)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET lock_timeout TO '5s'
AS $function$
BEGIN
    -- The row lock first, then the clock. From here to the end of the caller's transaction nobody can be granted the lock:
    -- every grant asks for FOR UPDATE. Changes of state (release, queueing) need NO KEY UPDATE only, and go on.
    PERFORM FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND l.request IS NOT NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        PERFORM latchkey._fence_share(p_name, p_token);
        RETURN;
    ELSIF NOT EXISTS (
        SELECT FROM latchkey._lock l
         WHERE l.name = p_name AND l.token = p_token AND l.request IS NOT NULL AND latchkey._remaining_ms(l.session, l.expires_at) > 0) THEN
        PERFORM latchkey._refuse_token(p_token);
    END IF;
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        -- All that was the row as of the transaction's first statement, and KEY SHARE locks even an outdated one. A stronger
        -- lock does not (40001: could not serialize); it would hinder others, so it is given back at once.
        BEGIN
            PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
            RAISE EXCEPTION USING ERRCODE = 'LK000';
        EXCEPTION WHEN SQLSTATE 'LK000' THEN
            NULL;
        END;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.grant_to(p_role name, p_monitor_only boolean DEFAULT false)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_object text;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA latchkey TO %I', p_role);
    FOR v_object IN
        SELECT CASE WHEN c.relkind = 'v' THEN 'SELECT ON ' END || c.oid::regclass::text
          FROM pg_class c WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'v' AND c.relname !~ '^_'
         UNION ALL
        SELECT 'EXECUTE ON FUNCTION ' || p.oid::regprocedure::text
          FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname !~ '^_' AND p.proname NOT IN ('grant_to', 'run_reaper')
           AND (NOT p_monitor_only OR p.proname = 'schema_version')
    LOOP
        EXECUTE format('GRANT %s TO %I', v_object, p_role);
    END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.join_election(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text DEFAULT ''::text)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    PERFORM latchkey._check_candidate(p_id, p_metadata);
    v_reply := latchkey.acquire_lock(p_session, p_name, p_request, true)::latchkey.reply;
    IF v_reply.outcome <> 'no_session' THEN
        PERFORM latchkey._describe(p_session, p_name, p_request, p_id, p_metadata);
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.leave_election(p_session uuid, p_name text, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    v_reply := latchkey._withdraw(p_session, p_name, p_request);
    DELETE FROM latchkey._candidate c WHERE c.session = p_session AND c.request = p_request;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.open_session(p_holder text, p_timeout_ms integer DEFAULT 15000, p_channel text DEFAULT NULL::text, p_session uuid DEFAULT gen_random_uuid(), OUT session uuid, OUT incarnation bigint, OUT grace_left_ms bigint)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    PERFORM latchkey._check_session(p_session, p_holder, p_channel);
    PERFORM latchkey._check_timeout(p_timeout_ms);
    SELECT i.id, i.grace_left_ms INTO incarnation, grace_left_ms FROM latchkey._incarnation() i;
    PERFORM latchkey._insert_session(p_session, p_holder, p_timeout_ms, p_channel);
    session := p_session;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.reaper_statement()
 RETURNS text
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
                  latchkey._job_name(), '1 second', latchkey._job_command('1 second'), current_database(), current_user);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.reaper_status(OUT run_by text, OUT age_ms bigint, OUT pg_cron_every interval)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    SELECT r.run_by, ceil(date_part('epoch', r.age) * 1000)::bigint, r.pg_cron_every INTO run_by, age_ms, pg_cron_every FROM latchkey.reaper r;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.reap(p_limit integer DEFAULT 1000)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._reap_in_turn('0', p_limit);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.release_lock(p_session uuid, p_name text, p_token bigint)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_reply pg_catalog.text;
BEGIN
    UPDATE latchkey._lock l SET session = NULL, request = NULL
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.token OPERATOR(pg_catalog.=) p_token
       AND l.session OPERATOR(pg_catalog.=) p_session AND NOT l.waiting
    RETURNING '(released,,,,)' INTO v_reply;
    IF v_reply IS NULL THEN
        v_reply := latchkey._release(p_session, p_name, p_token)::pg_catalog.text;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.release_shared(p_session uuid, p_name text, p_token bigint)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_weight pg_catalog.int4;
    v_reply  pg_catalog.text;
BEGIN
    -- The one that has its place in the row of the lock.
    UPDATE latchkey._lock l
       SET first_session = NULL, taken = l.taken OPERATOR(pg_catalog.-) l.first_weight,
           waiting = l.permits IS NOT NULL OR l.taken OPERATOR(pg_catalog.>) l.first_weight
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.first_token OPERATOR(pg_catalog.=) p_token
       AND l.first_session OPERATOR(pg_catalog.=) p_session AND NOT l.first_given_back AND NOT l.queued
    RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 THEN '(released,,,,)' ELSE '' END INTO v_reply;
    IF v_reply OPERATOR(pg_catalog.<>) '' THEN
        RETURN v_reply;
    ELSIF v_reply IS NOT NULL THEN
        -- A fence may be open (see acquire_lock): undo, and look closely.
        UPDATE latchkey._lock l SET first_session = p_session, taken = l.taken OPERATOR(pg_catalog.+) l.first_weight, waiting = true
         WHERE l.name OPERATOR(pg_catalog.=) p_name;
        RETURN latchkey._release_share(p_session, p_name, p_token)::pg_catalog.text;
    END IF;
    -- The row of the lock first, as everywhere; so the weight is not known yet. It is 1 but for who has several permits.
    UPDATE latchkey._lock l
       SET taken = l.taken OPERATOR(pg_catalog.-) 1, waiting = l.permits IS NOT NULL OR l.taken OPERATOR(pg_catalog.>) 1
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND NOT l.queued AND l.taken OPERATOR(pg_catalog.>) 0;
    IF FOUND THEN
        DELETE FROM latchkey._share e
         WHERE e.ctid OPERATOR(pg_catalog.=) (SELECT h.ctid FROM latchkey._share h
                                               WHERE h.name OPERATOR(pg_catalog.=) p_name AND h.token OPERATOR(pg_catalog.=) p_token
                                                 AND h.session OPERATOR(pg_catalog.=) p_session AND h.ticket IS NULL AND NOT h.given_back
                                                 FOR UPDATE SKIP LOCKED)
        RETURNING e.weight INTO v_weight;
        IF v_weight OPERATOR(pg_catalog.=) 1 THEN
            RETURN '(released,,,,)';
        END IF;
        UPDATE latchkey._lock l SET taken = l.taken OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.-) coalesce(v_weight, 0), waiting = true
         WHERE l.name OPERATOR(pg_catalog.=) p_name;
        IF v_weight IS NOT NULL THEN
            RETURN '(released,,,,)';
        END IF;
        -- Nothing has changed: a fence is open, or there is more to do, or there is no such share.
    END IF;
    RETURN latchkey._release_share(p_session, p_name, p_token)::pg_catalog.text;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.release_timed(p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_reply latchkey.reply;
BEGIN
    -- Nobody waits for it, and its least time is over.
    UPDATE latchkey._lock l
       SET request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL
     WHERE l.name OPERATOR(pg_catalog.=) p_name AND l.token OPERATOR(pg_catalog.=) p_token AND l.request OPERATOR(pg_catalog.=) p_request
       AND NOT l.waiting AND l.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
       AND coalesce(l.at_least OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp(), true);
    IF FOUND THEN
        v_reply.outcome := 'released';
        RETURN v_reply;
    END IF;
    RETURN latchkey._release_timed(p_name, p_token, p_request, true);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.release_wanted(p_session uuid, p_name text, p_token bigint)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._release(p_session, p_name, p_token)::text;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.remove_watch(p_session uuid, p_request bigint)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    DELETE FROM latchkey._watch w WHERE w.session = p_session AND w.request = p_request;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.renew_session(p_session uuid, p_confirmed bigint[] DEFAULT '{}'::bigint[], p_look boolean DEFAULT true, p_reap boolean DEFAULT true)
 RETURNS latchkey.renewal
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_renewal latchkey.renewal;
BEGIN
    SELECT i.id INTO v_renewal.incarnation FROM latchkey._incarnation() i;
    PERFORM FROM latchkey._session s WHERE s.id = p_session FOR NO KEY UPDATE;  -- the row first, then the clock
    -- An update, never an upsert: a session that ended stays ended.
    UPDATE latchkey._session s SET renewed_at = clock_timestamp(), expires_at = latchkey._after_ms(s.timeout_ms)
     WHERE s.id = p_session AND s.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        v_renewal.outcome := 'no_session';
        RETURN v_renewal;
    END IF;
    v_renewal.outcome := 'alive';
    IF cardinality(p_confirmed) > 0 THEN
        -- In the order of the names, as the session's batches go: or one of them and this would wait for each other.
        PERFORM FROM latchkey._waiter w WHERE w.session = p_session AND w.token IS NOT NULL AND w.request = ANY (p_confirmed) ORDER BY w.name FOR UPDATE;
        DELETE FROM latchkey._waiter w WHERE w.session = p_session AND w.token IS NOT NULL AND w.request = ANY (p_confirmed);
    END IF;
    IF p_look THEN
        IF EXISTS (SELECT FROM latchkey._waiter w WHERE w.session = p_session) THEN
            SELECT l.look_ms, l.grants INTO v_renewal.look_ms, v_renewal.grants FROM latchkey._look_after_waits(p_session) l;
        END IF;
        IF p_reap THEN
            PERFORM latchkey._reap_in_turn('2 seconds', 20);
        END IF;
    END IF;
    RETURN v_renewal;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.request_revocation(p_name text, p_token bigint DEFAULT NULL::bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_tokens bigint[];
    v_token  bigint;
BEGIN
    WITH held AS (
        SELECT l.token FROM latchkey._lock l
         WHERE l.name = p_name AND l.request IS NOT NULL AND latchkey._remaining_ms(l.session, l.expires_at) > 0
        UNION ALL
        SELECT h.token FROM latchkey._lock l
          JOIN latchkey._shares h ON h.name = l.name AND h.token > l.shared_above AND NOT h.given_back
          JOIN latchkey._session s ON s.id = h.session AND s.expires_at > clock_timestamp()
         WHERE l.name = p_name
    ), asked AS (
        UPDATE latchkey._watch w SET asked_at = clock_timestamp()
          FROM held
         WHERE w.name = p_name AND w.token = held.token AND w.token = coalesce(p_token, w.token) AND EXISTS (SELECT FROM latchkey._session s WHERE s.id = w.session)
        RETURNING w.token
    )
    SELECT coalesce(array_agg(DISTINCT a.token), '{}') INTO v_tokens FROM asked a;
    FOREACH v_token IN ARRAY v_tokens LOOP
        PERFORM latchkey._notify_watchers(p_name, v_token);
    END LOOP;
    RETURN cardinality(v_tokens) > 0;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.resume_session(p_old uuid, p_session uuid, p_holder text, p_timeout_ms integer, p_channel text, p_names text[], p_tokens bigint[], p_requests bigint[], p_left_ms bigint[], p_weights integer[] DEFAULT NULL::integer[], p_permits integer[] DEFAULT NULL::integer[], OUT outcome text, OUT incarnation bigint, OUT kept boolean[])
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET lock_timeout TO '5s'
AS $function$
DECLARE
    v_grace bigint;
    v_lease record;
BEGIN
    SELECT i.id, i.grace_left_ms INTO incarnation, v_grace FROM latchkey._incarnation() i;
    kept := coalesce((SELECT array_agg(false) FROM unnest(p_names)), '{}');
    IF v_grace = 0 AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp()) THEN
        outcome := 'too_late';  -- others may have been granted what is claimed here
        RETURN;
    END IF;
    -- A token far in the future would never be passed: a year ahead is a mistake, or an attack.
    IF (SELECT max(t) FROM unnest(p_tokens) t) > latchkey._next_token(0) + 31536000000000 THEN
        PERFORM latchkey._refuse('LK002', 'a fencing token that is more than a year ahead of the clock cannot be resumed', 'Is the clock of the database right?');
    END IF;
    IF EXISTS (SELECT FROM unnest(p_names, p_tokens, p_requests) u (name, token, request) WHERE u.name IS NULL OR u.token IS NULL OR u.request IS NULL) THEN
        PERFORM latchkey._refuse('LK002', 'a lease has a name, a token and a request number', 'Give three arrays of one length, without NULL.');
    END IF;
    PERFORM latchkey._check_session(p_session, p_holder, p_channel);
    PERFORM latchkey._check_timeout(p_timeout_ms);
    PERFORM latchkey._insert_session(p_session, p_holder, p_timeout_ms, p_channel);
    -- A new id: what the old one still seems to hold, and the client does not claim, is held by nobody.
    FOR v_lease IN
        SELECT u.* FROM unnest(p_names, p_tokens, p_requests, p_left_ms, p_weights, p_permits)
                        WITH ORDINALITY u (name, token, request, left_ms, weight, permits, place)
         ORDER BY u.name COLLATE "C", u.token
    LOOP
        kept[v_lease.place] := CASE
            WHEN v_grace = 0  -- a call that is repeated late: what the first one wrote counts, and nothing is written any more
            THEN latchkey._has_lease(v_lease.name, v_lease.token, v_lease.request, p_session)
            WHEN v_lease.weight IS NULL
            THEN latchkey._resume_lease(v_lease.name, v_lease.token, v_lease.request, p_old, p_session, p_holder,
                                       CASE WHEN v_lease.left_ms > 31536000000 THEN 31536000000 ELSE v_lease.left_ms END)
            ELSE latchkey._resume_share(v_lease.name, v_lease.token, v_lease.request, p_old, p_session, v_lease.weight, v_lease.permits) END;
    END LOOP;
    DELETE FROM latchkey._session s WHERE s.id = p_old AND p_old <> p_session;
    outcome := 'resumed';
END $function$;

CREATE OR REPLACE FUNCTION latchkey.run_batch(p_session uuid, p_calls text[], p_names text[], p_numbers bigint[])
 RETURNS text[]
 LANGUAGE plpgsql
 SECURITY DEFINER
AS $function$
DECLARE
    v_call    pg_catalog.text;
    v_name    pg_catalog.text;
    v_last    pg_catalog.text := '';
    v_number  pg_catalog.int8;
    v_open    pg_catalog.bool;
    v_reply   pg_catalog.text;
    v_replies pg_catalog.text[] := pg_catalog.array_fill(NULL::pg_catalog.text, ARRAY[pg_catalog.cardinality(p_names)]);
BEGIN
    FOR v_place IN 1 .. pg_catalog.cardinality(p_names) LOOP
        v_call   := p_calls[v_place];
        v_name   := p_names[v_place];
        v_number := p_numbers[v_place];
        IF v_name COLLATE pg_catalog."C" OPERATOR(pg_catalog.<) v_last THEN  -- two batches would wait for each other in a circle
            PERFORM latchkey._refuse('LK002', 'the names of a batch are not in the order of their bytes', 'Sort the calls by name.');
        END IF;
        v_last := v_name;
        IF v_call OPERATOR(pg_catalog.=) 'release' THEN
            -- What release_lock does, without the cost of calling it; and so below.
            UPDATE latchkey._lock l SET session = NULL, request = NULL
             WHERE l.name OPERATOR(pg_catalog.=) v_name AND l.token OPERATOR(pg_catalog.=) v_number
               AND l.session OPERATOR(pg_catalog.=) p_session AND NOT l.waiting
            RETURNING '(released,,,,)' INTO v_reply;
            IF v_reply IS NULL THEN
                v_reply := latchkey._release(p_session, v_name, v_number)::pg_catalog.text;
            END IF;
        ELSIF v_call OPERATOR(pg_catalog.=) ANY (ARRAY['acquire', 'try']) THEN
            -- One look for all calls: what is granted to a session that ends meanwhile is nobody's, see _lock.session.
            IF v_open IS NULL THEN
                v_open := EXISTS (SELECT FROM latchkey._session s
                                   WHERE s.id OPERATOR(pg_catalog.=) p_session
                                     AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                                     AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp());
            END IF;
            UPDATE latchkey._lock l
               SET session = p_session, request = v_number, granted_at = pg_catalog.clock_timestamp(),
                   token = greatest(l.token OPERATOR(pg_catalog.+) 1,
                                    (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8)
             WHERE v_open AND l.name OPERATOR(pg_catalog.=) v_name AND l.session IS NULL AND l.expires_at IS NULL AND NOT l.waiting
               AND pg_catalog.age(l.xmin) OPERATOR(pg_catalog.>) 0
            RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0 AND v_number IS NOT NULL
                           THEN '(granted,' OPERATOR(pg_catalog.||) l.token::pg_catalog.text OPERATOR(pg_catalog.||) ',,,)' END INTO v_reply;
            IF v_reply IS NULL THEN
                IF FOUND THEN
                    PERFORM latchkey._clear(v_name, false);
                END IF;
                v_reply := latchkey._acquire(p_session, v_name, v_number, v_call OPERATOR(pg_catalog.=) 'acquire', NULL, NULL, NULL)::pg_catalog.text;
            END IF;
        ELSIF v_call OPERATOR(pg_catalog.=) 'withdraw' THEN
            v_reply := latchkey._withdraw(p_session, v_name, v_number)::pg_catalog.text;
        ELSE
            v_reply := latchkey._run_shared(p_session, v_call, v_name, v_number);
        END IF;
        v_replies[v_place] := v_reply;
    END LOOP;
    RETURN v_replies;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.run_reaper(p_every interval)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_done integer := latchkey._reap_in_turn('0', 1000, p_every);
    v_to   bigint;
BEGIN
    UPDATE latchkey._reaper r SET purged_at = clock_timestamp()
     WHERE r.ctid = (SELECT e.ctid FROM latchkey._reaper e
                      WHERE e.purged_at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED);
    IF FOUND THEN
        SELECT g.runs_purged_to INTO v_to FROM latchkey._setting g;
        v_to := latchkey._purge_runs(v_to);
        UPDATE latchkey._setting g SET runs_purged_to = v_to
         WHERE g.ctid = (SELECT e.ctid FROM latchkey._setting e WHERE e.runs_purged_to IS DISTINCT FROM v_to FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN v_done;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.run_uncontended(p_session uuid, p_names text[], p_requests bigint[], p_tokens bigint[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET enable_indexscan TO 'on'
 SET enable_bitmapscan TO 'off'
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
DECLARE
    v_next    bigint   := (date_part('epoch', clock_timestamp()) * 1000000)::bigint;
    v_place   integer;
    v_token   bigint;
    v_answers bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_names)]);
BEGIN
    -- The short cuts of acquire_lock and release_lock. Whoever finds the lock free takes it, and its holder gives it back. xmax shows
    -- an open fence, which the release that made the row free has handed on to it, and also somebody who is changing the row.
    FOR v_place, v_token IN
        UPDATE latchkey._lock l
           SET session    = CASE WHEN l.session IS NULL THEN p_session END,
               request    = CASE WHEN l.session IS NULL THEN p_requests[array_position(p_names, l.name)] END,
               granted_at = CASE WHEN l.session IS NULL THEN clock_timestamp() ELSE l.granted_at END,
               token      = CASE WHEN l.session IS NULL THEN v_next ELSE l.token END
         WHERE l.name = ANY (p_names) AND NOT l.waiting
           AND (l.session = p_session AND l.token = p_tokens[array_position(p_names, l.name)]
                OR l.session IS NULL AND p_requests[array_position(p_names, l.name)] IS NOT NULL AND l.expires_at IS NULL
                   AND l.xmax = 0 AND age(l.xmin) > 0 AND l.token < v_next
                   AND EXISTS (SELECT FROM latchkey._session s
                                WHERE s.id = p_session AND s.expires_at > clock_timestamp() AND s.granting_from <= clock_timestamp()))
        RETURNING array_position(p_names, l.name), l.token
    LOOP
        v_answers[v_place] := v_token;
    END LOOP;
    RETURN v_answers;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.schedule_reaper(p_required boolean DEFAULT true, OUT every text, OUT job_id bigint, OUT state text, OUT problem text, OUT hint text)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
    v_find     text := 'SELECT j.jobid, j.schedule, j.command, j.active FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text';
    v_schedule text := 'SELECT cron.schedule($1, $2, $3)';
    v_name     text := latchkey._job_name();
    v_job      record;
BEGIN
    SELECT o.state, o.problem, o.hint INTO state, problem, hint FROM latchkey._reaper_obstacle() o;
    IF state = 'LK012' AND (SELECT s.run_by FROM latchkey.reaper_status() s) = 'pg_cron' THEN
        SELECT CASE WHEN s.pg_cron_every < '1 minute' THEN 'second' ELSE 'minute' END, NULL, NULL, NULL INTO every, state, problem, hint
          FROM latchkey.reaper_status() s;  -- somebody has done there what the hint says
    ELSIF state IS NULL THEN
        EXECUTE v_find INTO v_job USING v_name;
        job_id := v_job.jobid;
        -- One that runs something else is not asked why it failed, but replaced.
        IF NOT v_job.active OR v_job.command IN (latchkey._job_command('1 second'), latchkey._job_command('1 minute')) THEN
            SELECT o.state, o.problem, o.hint INTO state, problem, hint FROM latchkey._job_obstacle(job_id, v_job.active) o;
        END IF;
        IF state IS NULL THEN
            BEGIN
                every := 'second';
                IF (v_job.schedule, v_job.command) IS DISTINCT FROM ('1 second', latchkey._job_command('1 second')) THEN
                    EXECUTE v_schedule INTO job_id USING v_name, '1 second', latchkey._job_command('1 second');
                END IF;
            EXCEPTION
                WHEN invalid_parameter_value THEN  -- it does not know seconds
                    every := 'minute';
                    IF (v_job.schedule, v_job.command) IS DISTINCT FROM ('* * * * *', latchkey._job_command('1 minute')) THEN
                        EXECUTE v_schedule INTO job_id USING v_name, '* * * * *', latchkey._job_command('1 minute');
                    END IF;
                WHEN insufficient_privilege THEN
                    every := NULL;
                    state := 'LK013';
                    problem := format('the role %I may not schedule jobs: %s', current_user, SQLERRM);
                    hint := CASE WHEN (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
                                 THEN 'Set cron.enable_superuser_jobs = on and restart the server; or run roles.sql (again), which gives the job a role of its own.'
                                 ELSE format('GRANT EXECUTE ON FUNCTION cron.schedule(text, text, text) TO %I;', current_user) END;
            END;
        END IF;
    END IF;
    IF state IS NOT NULL AND p_required THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = problem, HINT = hint;
    END IF;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.schema_version(OUT version integer, OUT compatible_from integer)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$ SELECT v.version, v.compatible_from FROM latchkey._schema_version v ORDER BY v.version DESC LIMIT 1 $function$;

CREATE OR REPLACE FUNCTION latchkey.set_permits(p_name text, p_permits integer)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock   latchkey._lock;
    v_waiter record;
    v_reply  latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    PERFORM latchkey._insert_lock(p_name, coalesce(p_permits, 0), true);
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    PERFORM latchkey._check_permits(v_lock.permits, 1, p_permits);
    UPDATE latchkey._lock l SET permits = p_permits, permits_set = true WHERE l.name = p_name;
    -- Who waits for more than there is would keep all others waiting for ever: it is told to ask again, and then refused.
    FOR v_waiter IN
        UPDATE latchkey._waiter w SET token = 0
          FROM latchkey._session s
         WHERE w.name = p_name AND w.token IS NULL AND w.weight > p_permits AND s.id = w.session
        RETURNING s.channel, w.request
    LOOP
        PERFORM latchkey._notify(v_waiter.channel, v_waiter.request, 0, v_reply.incarnation);
    END LOOP;
    v_reply.outcome := 'set';
    IF v_lock.queued THEN
        v_lock.permits := p_permits;
        v_reply.outcome := CASE latchkey._hand_over(v_lock) WHEN 'granted' THEN 'handed_over' ELSE 'set' END;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.settle_lock(p_name text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._settle(p_name);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.try_lock(p_session uuid, p_name text)
 RETURNS latchkey.reply
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$ SELECT latchkey.acquire_lock(p_session, p_name, trunc(random() * 9007199254740992)::bigint, false)::latchkey.reply $function$;

CREATE OR REPLACE FUNCTION latchkey.unschedule_reaper()
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
 SET lock_timeout TO '2s'
AS $function$
DECLARE
    v_job bigint;
BEGIN
    IF to_regnamespace('cron') IS NULL OR NOT has_schema_privilege('cron', 'USAGE') THEN
        RETURN false;
    END IF;
    EXECUTE 'DELETE FROM cron.job_run_details d USING cron.job j WHERE d.jobid = j.jobid AND j.jobname::text = $1 AND j.username = current_user::text'
      USING latchkey._job_name();
    EXECUTE 'SELECT j.jobid FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text' INTO v_job USING latchkey._job_name();
    IF v_job IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT cron.unschedule($1)' USING v_job;
    RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.upgrade_lock(p_session uuid, p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._upgrade(p_session, p_name, p_token, p_request);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.wake(p_names text[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
    SELECT pg_notify(s.channel, to_hex(w.request) || ' ' || w.token || ' ' || i.id)
      FROM latchkey._waiter w
      JOIN latchkey._lock l ON l.name = w.name
                           AND (l.token = w.token OR w.token = 0 OR EXISTS (SELECT FROM latchkey._share h WHERE h.name = w.name AND h.token = w.token))
      JOIN latchkey._session s ON s.id = w.session AND s.channel IS NOT NULL,
           latchkey._incarnation i
     WHERE w.name = ANY (p_names)
$function$;

CREATE OR REPLACE FUNCTION latchkey.withdraw_request(p_session uuid, p_name text, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._withdraw(p_session, p_name, p_request);
END $function$;

-- Views

CREATE VIEW latchkey._shares AS
 SELECT h.name,
    h.token,
    h.session,
    h.request,
    h.weight,
    h.granted_at,
    h.given_back
   FROM latchkey._share h
UNION ALL
 SELECT l.name,
    l.first_token AS token,
    l.first_session AS session,
    l.first_request AS request,
    l.first_weight AS weight,
    to_timestamp((((l.first_token)::numeric / 1000000.0))::double precision) AS granted_at,
    l.first_given_back AS given_back
   FROM latchkey._lock l
  WHERE (l.first_session IS NOT NULL);

CREATE VIEW latchkey.leaders AS
 SELECT l.name AS election,
    c.id AS leader,
    s.holder,
    l.token AS term,
    l.granted_at AS since,
    c.metadata,
    ( SELECT count(*) AS count
           FROM latchkey._waiter w
          WHERE ((w.name = l.name) AND (w.token IS NULL))) AS waiting
   FROM ((latchkey._lock l
     JOIN latchkey._session s ON (((s.id = l.session) AND (s.expires_at > clock_timestamp()))))
     JOIN latchkey._candidate c ON (((c.session = l.session) AND (c.request = l.request))));

CREATE VIEW latchkey.locks AS
 SELECT l.name,
    COALESCE(s.holder, l.holder) AS holder,
    l.token AS fencing_token,
        CASE
            WHEN (l.expires_at IS NULL) THEN 'session'::text
            ELSE 'timed'::text
        END AS lease,
    l.granted_at AS held_since,
    COALESCE(s.expires_at, l.expires_at) AS ends_at,
    ( SELECT count(*) AS count
           FROM latchkey._waiter w
          WHERE ((w.name = l.name) AND (w.token IS NULL))) AS waiting,
    'exclusive'::text AS mode,
    NULL::integer AS permits
   FROM (latchkey._lock l
     LEFT JOIN latchkey._session s ON ((s.id = l.session)))
  WHERE (COALESCE(s.expires_at, l.expires_at) > clock_timestamp())
UNION ALL
 SELECT h.name,
    s.holder,
    h.token AS fencing_token,
    'session'::text AS lease,
    h.granted_at AS held_since,
    s.expires_at AS ends_at,
    ( SELECT count(*) AS count
           FROM latchkey._waiter w
          WHERE ((w.name = h.name) AND (w.token IS NULL))) AS waiting,
        CASE
            WHEN (l.permits IS NULL) THEN 'shared'::text
            ELSE 'permits'::text
        END AS mode,
        CASE
            WHEN (l.permits IS NOT NULL) THEN h.weight
            ELSE NULL::integer
        END AS permits
   FROM ((latchkey._shares h
     JOIN latchkey._lock l ON ((l.name = h.name)))
     JOIN latchkey._session s ON (((s.id = h.session) AND (s.expires_at > clock_timestamp()))))
  WHERE (NOT h.given_back);

CREATE VIEW latchkey.participants AS
 SELECT c.name AS election,
    row_number() OVER (PARTITION BY c.name ORDER BY w.ticket NULLS FIRST) AS place,
    c.id AS participant,
    s.holder,
        CASE
            WHEN (w.ticket IS NULL) THEN l.token
            ELSE NULL::bigint
        END AS term,
    c.joined_at,
    c.metadata
   FROM (((latchkey._candidate c
     JOIN latchkey._session s ON (((s.id = c.session) AND (s.expires_at > clock_timestamp()))))
     LEFT JOIN latchkey._waiter w ON (((w.session = c.session) AND (w.request = c.request) AND (w.token IS NULL))))
     LEFT JOIN latchkey._lock l ON (((l.name = c.name) AND (l.session = c.session) AND (l.request = c.request))))
  WHERE ((w.ticket IS NOT NULL) OR (l.token IS NOT NULL));

CREATE VIEW latchkey.reaper AS
 SELECT
        CASE
            WHEN ((r.cron_run >= ((c.now - ((3)::double precision * r.cron_every)) - '00:00:01'::interval)) AND (r.cron_run <= c.now)) THEN 'pg_cron'::text
            WHEN ((r.last_run >= (c.now - ((g.grace_ms)::double precision * '00:00:00.001'::interval))) AND (r.last_run <= c.now)) THEN 'clients'::text
            ELSE 'nobody'::text
        END AS run_by,
    NULLIF(r.last_run, '-infinity'::timestamp with time zone) AS last_run,
    (c.now - NULLIF(r.last_run, '-infinity'::timestamp with time zone)) AS age,
    NULLIF(r.cron_run, '-infinity'::timestamp with time zone) AS last_run_by_pg_cron,
        CASE
            WHEN (r.cron_run > '-infinity'::timestamp with time zone) THEN r.cron_every
            ELSE NULL::interval
        END AS pg_cron_every
   FROM (latchkey._setting g
     LEFT JOIN latchkey._reaper r ON (r.only_row)),
    ( SELECT clock_timestamp() AS now) c;

CREATE VIEW latchkey.semaphores AS
 SELECT name,
    permits,
    ( SELECT COALESCE(sum(h.weight), (0)::bigint) AS "coalesce"
           FROM (latchkey._shares h
             JOIN latchkey._session s ON (((s.id = h.session) AND (s.expires_at > clock_timestamp()))))
          WHERE ((h.name = l.name) AND (NOT h.given_back))) AS in_use,
    ( SELECT count(*) AS count
           FROM latchkey._waiter w
          WHERE ((w.name = l.name) AND (w.token IS NULL))) AS waiting,
    granted_at AS last_granted
   FROM latchkey._lock l
  WHERE (permits IS NOT NULL);

CREATE VIEW latchkey.sessions AS
 SELECT holder,
    opened_at,
    renewed_at,
    expires_at,
    ((timeout_ms)::double precision * '00:00:00.001'::interval) AS timeout,
    (( SELECT count(*) AS count
           FROM latchkey._lock l
          WHERE (l.session = s.id)) + ( SELECT count(*) AS count
           FROM latchkey._shares h
          WHERE ((h.session = s.id) AND (NOT h.given_back)))) AS locks_held,
    ( SELECT count(*) AS count
           FROM latchkey._waiter w
          WHERE ((w.session = s.id) AND (w.token IS NULL))) AS locks_waited_for
   FROM latchkey._session s
  WHERE (expires_at > clock_timestamp());

CREATE VIEW latchkey.waiters AS
 SELECT w.name,
    row_number() OVER (PARTITION BY w.name ORDER BY w.ticket) AS place,
    s.holder AS waiter,
    w.queued_at AS waiting_since,
    COALESCE(h.holder, l.holder, ( SELECT string_agg(DISTINCT o.holder, ', '::text) AS string_agg
           FROM (latchkey._shares e
             JOIN latchkey._session o ON (((o.id = e.session) AND (o.expires_at > clock_timestamp()))))
          WHERE ((e.name = w.name) AND (NOT e.given_back)))) AS held_by,
        CASE
            WHEN (w.weight IS NULL) THEN 'exclusive'::text
            WHEN (l.permits IS NULL) THEN 'shared'::text
            ELSE 'permits'::text
        END AS mode,
        CASE
            WHEN (l.permits IS NOT NULL) THEN w.weight
            ELSE NULL::integer
        END AS permits
   FROM (((latchkey._waiter w
     JOIN latchkey._session s ON (((s.id = w.session) AND (s.expires_at > clock_timestamp()))))
     JOIN latchkey._lock l ON ((l.name = w.name)))
     LEFT JOIN latchkey._session h ON ((h.id = l.session)))
  WHERE (w.token IS NULL);

-- Comments

COMMENT ON SCHEMA latchkey IS 'Latchkey: fair, fenced locks for services. Tables are private, functions are the API, views show who holds what.';
COMMENT ON FUNCTION latchkey._acquire(pg_catalog.uuid,pg_catalog.text,bigint,boolean,bigint,bigint,pg_catalog.text,integer,integer) IS 'The whole of taking a lock, whatever its state. p_weight: of a share, NULL for the exclusive lock; p_permits: of a semaphore, NULL for a lock.';
COMMENT ON FUNCTION latchkey._after_ms(bigint) IS 'The moment that is so many milliseconds from now.';
COMMENT ON TABLE latchkey._candidate IS 'What candidates of elections say of themselves. Whether they are candidates stands in _waiter and _lock.';
COMMENT ON COLUMN latchkey._candidate.id IS 'The public name of the candidate.';
COMMENT ON COLUMN latchkey._candidate.request IS 'The random number of the call that waits in the queue of the election, or holds its lock.';
COMMENT ON FUNCTION latchkey._check_candidate(pg_catalog.text,pg_catalog.text) IS 'Refuses an id or metadata that no candidate can have.';
COMMENT ON FUNCTION latchkey._check_holder(pg_catalog.text) IS 'Refuses a public name that no holder can have.';
COMMENT ON FUNCTION latchkey._check_lease(bigint,bigint) IS 'Refuses an impossible length of a timed lease.';
COMMENT ON FUNCTION latchkey._check_name(pg_catalog.text) IS 'Refuses a name that no lock can have.';
COMMENT ON FUNCTION latchkey._check_permits(integer,integer,integer) IS 'Refuses what a lock or a semaphore cannot give.';
COMMENT ON FUNCTION latchkey._check_request(bigint) IS 'Refuses a call without its number.';
COMMENT ON FUNCTION latchkey._check_session(pg_catalog.uuid,pg_catalog.text,pg_catalog.text) IS 'Refuses what no session can be.';
COMMENT ON FUNCTION latchkey._check_timeout(integer) IS 'Refuses an impossible session timeout and makes the grace period cover a possible one.';
COMMENT ON FUNCTION latchkey._clear(pg_catalog.text,boolean) IS 'Writes "free" into the row of an exclusive lock that the caller has locked; the token stays.';
COMMENT ON FUNCTION latchkey._count_shares(pg_catalog.text,bigint) IS 'Forgets the shares that are over and counts those that are not; after how long to look again; and whether some of them are over but for a fence. The caller has the row of the lock.';
COMMENT ON FUNCTION latchkey._describe(pg_catalog.uuid,pg_catalog.text,bigint,pg_catalog.text,pg_catalog.text) IS 'Writes what a candidate says of itself, or writes it anew.';
COMMENT ON FUNCTION latchkey._downgrade(pg_catalog.uuid,pg_catalog.text,bigint,bigint) IS 'Makes an exclusive session lease a share without letting go of it: granted with a new token (retry_ms: call settle_lock after that), or not_held.';
COMMENT ON FUNCTION latchkey._end_if_expired(pg_catalog.uuid) IS 'Ends a session whose time is up and returns 0, or returns the milliseconds after which to look again.';
COMMENT ON FUNCTION latchkey._enqueue(latchkey._lock,pg_catalog.uuid,bigint,bigint,bigint,integer) IS 'Adds a call to the end of the queue, once. The caller has the row of the lock, and saw under it that the lock is taken.';
COMMENT ON FUNCTION latchkey._fence_share(pg_catalog.text,bigint) IS 'What fence does for a share.';
COMMENT ON FUNCTION latchkey._fits(integer,integer,integer) IS 'Whether a share of this weight (NULL: the exclusive lock) goes with what is taken; p_permits: NULL for a lock.';
COMMENT ON FUNCTION latchkey._grant(pg_catalog.text,pg_catalog.uuid,bigint,pg_catalog.text,bigint,bigint,bigint,boolean) IS 'Writes a new holder into a row that the caller has locked FOR UPDATE.';
COMMENT ON FUNCTION latchkey._grant_share(latchkey._lock,pg_catalog.uuid,bigint,integer,boolean) IS 'Writes a new share. The caller has the row of the lock, and p_lock.taken is what is taken without it. p_first: in that row, which the caller has FOR UPDATE.';
COMMENT ON FUNCTION latchkey._hand_over(latchkey._lock,boolean) IS 'Grants a lock that nobody holds alone to the live waiters at the head of the queue, as many as can have it together, and tells them. The caller has the row; p_unfenced: even FOR UPDATE. granted; free (nobody waits); held (the first has to wait on, for others that share it); or fenced or grace (not now).';
COMMENT ON FUNCTION latchkey._has_lease(pg_catalog.text,bigint,bigint,pg_catalog.uuid) IS 'Whether a lease, of this session or a timed one, is there.';
COMMENT ON FUNCTION latchkey._holder_left_ms(latchkey._lock) IS 'How long the holder still has the lock; 0: nobody holds it, and nobody can come back. The caller has the row.';
COMMENT ON TABLE latchkey._incarnation IS 'The marker: while its row is missing, committed grants may have been lost, and nothing new is granted.';
COMMENT ON FUNCTION latchkey._incarnation() IS 'The current incarnation and what is left of its grace period; starts one when the marker is missing.';
COMMENT ON COLUMN latchkey._incarnation.granting_from IS 'The end of the grace period.';
COMMENT ON COLUMN latchkey._incarnation.id IS 'A random number, part of every reply; a client that sees another one than it knows resumes its leases.';
COMMENT ON FUNCTION latchkey._insert_lock(pg_catalog.text,integer,boolean) IS 'Writes the row of a lock or semaphore of which nobody has heard, unless somebody else was faster.';
COMMENT ON FUNCTION latchkey._insert_session(pg_catalog.uuid,pg_catalog.text,integer,pg_catalog.text) IS 'Writes the row of a new session.';
COMMENT ON FUNCTION latchkey._job_command(pg_catalog.text) IS 'What the job runs. It does not wait for the disk, so it may notify those it hands a lock to.';
COMMENT ON FUNCTION latchkey._job_name() IS 'The name of the job: one per database, because all databases of a cluster may share one pg_cron. At most 63 bytes.';
COMMENT ON FUNCTION latchkey._job_obstacle(bigint,boolean) IS 'What keeps the job that exists from running: it is switched off, or failed the last two times. LK014.';
COMMENT ON FUNCTION latchkey._join_shares(pg_catalog.uuid,pg_catalog.text,bigint,integer,integer) IS 'The short cut to one more share; NULL: it is not as simple as that, and nothing has changed.';
COMMENT ON TABLE latchkey._lock IS 'One row per lock. It stays when the lock is free: it holds the last token.';
COMMENT ON COLUMN latchkey._lock.at_least IS 'A timed lease that is released earlier stays taken until then; NULL: it does not.';
COMMENT ON COLUMN latchkey._lock.expires_at IS 'The end of a timed lease; NULL for a session lease and for a free lock.';
COMMENT ON COLUMN latchkey._lock.first_given_back IS 'This share was released under an open fence: it counts until that transaction has ended.';
COMMENT ON COLUMN latchkey._lock.first_request IS 'The random number of the call that was granted this share.';
COMMENT ON COLUMN latchkey._lock.first_session IS 'Whose share has its place in this row, which spares a row of _share; NULL: the place is free.';
COMMENT ON COLUMN latchkey._lock.first_token IS 'The fencing token of this share; the row lock of this row is its fence. While the place is taken no other fence is on this row.';
COMMENT ON COLUMN latchkey._lock.first_weight IS 'How many permits this share is; 1 for a reader.';
COMMENT ON COLUMN latchkey._lock.granted_at IS 'The time of the last grant.';
COMMENT ON COLUMN latchkey._lock.holder IS 'The public name of the holder of a timed lease.';
COMMENT ON COLUMN latchkey._lock.lease_ms IS 'The length of a timed lease: an end further away than that means that the clock went back.';
COMMENT ON COLUMN latchkey._lock.permits IS 'How many permits the semaphore of this name has; NULL: it is a lock.';
COMMENT ON COLUMN latchkey._lock.permits_set IS 'Whether that number was set on purpose: then the row stays, however idle.';
COMMENT ON COLUMN latchkey._lock.queued IS 'Whether somebody may stand in the queue: then shares have no short cut either.';
COMMENT ON COLUMN latchkey._lock.request IS 'The random number of the call that was granted, which makes a repeated call harmless.';
COMMENT ON COLUMN latchkey._lock.session IS 'The holder of a session lease. No foreign key: a session that is gone holds nothing, whatever stands here.';
COMMENT ON COLUMN latchkey._lock.shared_above IS 'Shares have higher tokens than this; it moves up when the first of them is granted. So nobody walks over what the index still has of those before, and a share from before an exclusive grant cannot be resumed.';
COMMENT ON COLUMN latchkey._lock.taken IS 'The weight of all shares that count, or more: those of sessions that ended, or that a crash took, are in it until somebody needs to know better.';
COMMENT ON COLUMN latchkey._lock.ticket IS 'The ticket of the last waiter that was served: the queue goes on behind it, past what the index still has of those before.';
COMMENT ON COLUMN latchkey._lock.token IS 'The fencing token of the last grant.';
COMMENT ON COLUMN latchkey._lock.waiting IS 'Whether somebody may stand in the queue or hold a share, and always for a semaphore: then the exclusive lock has no short cut, neither to take it nor to give it back.';
COMMENT ON FUNCTION latchkey._look_after_waits(pg_catalog.uuid) IS 'The backstop for lost notifications and dead holders: hands over what this session waits for and nobody holds, and returns the grants it has not confirmed.';
COMMENT ON FUNCTION latchkey._ms_until(timestamp with time zone) IS 'Milliseconds from now, by the clock and not by the start of the transaction; 0 for the past.';
COMMENT ON FUNCTION latchkey._next_token(bigint) IS 'The fencing token after this one. By the clock, so that a failover that lost the last grants repeats none; at least one more, so that a clock that goes back does not either.';
COMMENT ON FUNCTION latchkey._notify(pg_catalog.text,bigint,bigint,bigint) IS 'Wakes the client that was granted a lock. The request''s random number proves that the notification is genuine.';
COMMENT ON FUNCTION latchkey._notify_watchers(pg_catalog.text,bigint) IS 'Tells those who watch a lease, or (NULL) the leader of an election, to look. Only with a commit that is not flushed, like every notification.';
COMMENT ON FUNCTION latchkey._purge_runs(bigint) IS 'Deletes finished runs of our own job that are older than ten minutes from cron.job_run_details: a bounded piece of it, on from that run. Returns where to go on.';
COMMENT ON FUNCTION latchkey._reap_candidates() IS 'Deletes what sessions that are gone have said of themselves and wanted to hear. Nobody saw it any more.';
COMMENT ON FUNCTION latchkey._reap_first_shares(pg_catalog.text[]) IS 'What _reap_shares does, for those that have their place in the rows of these locks.';
COMMENT ON FUNCTION latchkey._reap_idle_locks() IS 'Deletes lock rows that nobody took for long, remembers the highest token among them, and forgets first shares whose session is gone. Looks at 500 rows, on from where the last call stopped.';
COMMENT ON FUNCTION latchkey._reap_in_turn(interval,integer,interval) IS 'Reaps unless somebody did a moment ago or is doing it. Waits for nobody. p_cron_every: it is pg_cron that calls, so often.';
COMMENT ON FUNCTION latchkey._reap_queues(integer) IS 'Hands over locks that are waited for and that nobody holds, and removes waiters whose session is gone. Looks at up to 1,000 waiters, on from where the last call stopped.';
COMMENT ON FUNCTION latchkey._reap_sessions(integer) IS 'Ends sessions whose time is up, so many at the most; what they held is free from then on. Looks at 1,000 pages, on from where the last call stopped.';
COMMENT ON FUNCTION latchkey._reap_shares(integer) IS 'Forgets shares whose session is gone, and hands over what that makes free. Looks at up to 1,000 of them, on from where the last call stopped.';
COMMENT ON TABLE latchkey._reaper IS 'Whose turn it is to reap, one row: whoever has its lock.';
COMMENT ON COLUMN latchkey._reaper.cron_every IS 'How often pg_cron is asked to.';
COMMENT ON COLUMN latchkey._reaper.cron_run IS 'When pg_cron ran it last.';
COMMENT ON COLUMN latchkey._reaper.lock_cursor IS 'How far the search for long-idle lock rows came.';
COMMENT ON COLUMN latchkey._reaper.purged_at IS 'When the runs of our job in cron.job_run_details were purged last.';
COMMENT ON COLUMN latchkey._reaper.session_page IS 'How far the search for expired sessions came.';
COMMENT ON COLUMN latchkey._reaper.share_cursor IS 'How far the search for shares of ended sessions came.';
COMMENT ON COLUMN latchkey._reaper.waiter_cursor IS 'How far the search for waiters of free locks came.';
COMMENT ON FUNCTION latchkey._reaper_obstacle() IS 'What keeps pg_cron from running the reaper, and the setting or grant that is missing; NULL: nothing. LK010: no extension; LK011: not loaded; LK012: in another database; LK013: privileges.';
COMMENT ON FUNCTION latchkey._refuse(pg_catalog.text,pg_catalog.text,pg_catalog.text) IS 'Raises an error of class LK. LK001: lease lost; LK002: bad argument; LK003: session unknown.';
COMMENT ON FUNCTION latchkey._refuse_request() IS 'Refuses a number that is in use.';
COMMENT ON FUNCTION latchkey._refuse_token(bigint) IS 'Refuses a fence.';
COMMENT ON FUNCTION latchkey._release(pg_catalog.uuid,pg_catalog.text,bigint) IS 'The whole of giving back a session lease, whoever waits.';
COMMENT ON FUNCTION latchkey._release_share(pg_catalog.uuid,pg_catalog.text,bigint) IS 'The whole of giving back a share, whoever waits.';
COMMENT ON FUNCTION latchkey._release_timed(pg_catalog.text,bigint,bigint,boolean) IS 'The whole of giving back a timed lease.';
COMMENT ON FUNCTION latchkey._remaining_ms(pg_catalog.uuid,timestamp with time zone) IS 'How long the holder of a lock has it for sure, by what can be read; 0: free, or its holder is gone. Writes nothing.';
COMMENT ON FUNCTION latchkey._resume_lease(pg_catalog.text,bigint,bigint,pg_catalog.uuid,pg_catalog.uuid,pg_catalog.text,bigint) IS 'Writes a lease again that the crash may have lost; false if it is not the holder''s any more.';
COMMENT ON FUNCTION latchkey._resume_share(pg_catalog.text,bigint,bigint,pg_catalog.uuid,pg_catalog.uuid,integer,integer) IS 'Writes a share again that the crash has taken; false if it is not the holder''s any more.';
COMMENT ON FUNCTION latchkey._run_shared(pg_catalog.uuid,pg_catalog.text,pg_catalog.text,bigint) IS 'The calls of a batch that are about shares.';
COMMENT ON TABLE latchkey._schema_version IS 'One row per migration that ran; each migration adds its own, whoever runs it.';
COMMENT ON COLUMN latchkey._schema_version.compatible_from IS 'The oldest schema version whose clients still work on this one.';
COMMENT ON FUNCTION latchkey._seems_held_ms(latchkey._lock,integer) IS 'How long a lock cannot be had for sure, by what can be read; 0: perhaps it can. Writes nothing.';
COMMENT ON TABLE latchkey._session IS 'The live clients. A session lease is worth what its session is: no row, no lease.';
COMMENT ON COLUMN latchkey._session.channel IS 'Where the client listens while it waits; NULL if it does not.';
COMMENT ON COLUMN latchkey._session.granting_from IS 'Copied from the marker, which was there when this row was written and is lost only together with it: so a grant looks at one row and not at two.';
COMMENT ON COLUMN latchkey._session.holder IS 'The public name of the client, for people.';
COMMENT ON COLUMN latchkey._session.id IS 'A random secret: whoever knows it acts for the session. In no view, notification or message.';
COMMENT ON TABLE latchkey._setting IS 'Durable settings, one row.';
COMMENT ON COLUMN latchkey._setting.grace_ms IS 'The longest session timeout ever granted: for so long after a crash nobody is granted anything new.';
COMMENT ON COLUMN latchkey._setting.idle_after IS 'A lock row that nobody took for this long is deleted.';
COMMENT ON COLUMN latchkey._setting.runs_purged_to IS 'How far cron.job_run_details has been rid of the runs of our own job.';
COMMENT ON COLUMN latchkey._setting.token_floor IS 'The highest token of a lock row that was deleted; new rows start above it, whatever the clock says.';
COMMENT ON FUNCTION latchkey._settle(pg_catalog.text) IS 'Hands a lock over if it is waited for and can be had, and forgets shares that are over. Never waits for a row.';
COMMENT ON TABLE latchkey._share IS 'The shared leases: readers of a lock, permits of a semaphore, but for the one that has its place in the row of the lock. Changed only by one who has the row of the lock. No foreign key: a session that is gone holds nothing.';
COMMENT ON COLUMN latchkey._share.given_back IS 'Released under an open fence: it counts until that transaction has ended.';
COMMENT ON COLUMN latchkey._share.ticket IS 'The place it had in the queue; NULL if it did not wait.';
COMMENT ON COLUMN latchkey._share.token IS 'The fencing token of this grant; its row lock is the fence.';
COMMENT ON COLUMN latchkey._share.weight IS 'How many permits; 1 for a reader.';
COMMENT ON VIEW latchkey._shares IS 'All shared leases, wherever they have their place.';
COMMENT ON FUNCTION latchkey._shares_left_ms(pg_catalog.text) IS 'After how long the first of the shares may end, by what can be read; 0: a closer look is worthwhile.';
COMMENT ON FUNCTION latchkey._spread_tables() IS 'Gives the unlogged tables their empty pages, and tickets that go on rising; after a crash they have lost both.';
COMMENT ON FUNCTION latchkey._upgrade(pg_catalog.uuid,pg_catalog.text,bigint,bigint) IS 'Makes a share the exclusive lease, if it is the only one: granted with a new token, held (by other readers, or in the grace period: never waits), or not_held. Passes a writer that waits, which could not have it now.';
COMMENT ON FUNCTION latchkey._void_shares(pg_catalog.text) IS 'Ends all shares of a lock whose exclusive holder has a higher token and resumes it after a crash.';
COMMENT ON TABLE latchkey._waiter IS 'The queues. Changed only by one who has the row of the lock, so tickets of one lock are in order of arrival.';
COMMENT ON COLUMN latchkey._waiter.at_most_ms IS 'The length of the timed lease that is waited for; NULL for a session lease.';
COMMENT ON COLUMN latchkey._waiter.request IS 'The random number of the waiting call; the notification of its grant carries it, so nobody can forge one.';
COMMENT ON COLUMN latchkey._waiter.ticket IS 'The place in the queue: lower is earlier.';
COMMENT ON COLUMN latchkey._waiter.token IS 'Set when the lock was handed over: the row then is a grant that its client has not confirmed yet. 0: it asks for more than there is, and has to ask again to hear so.';
COMMENT ON COLUMN latchkey._waiter.weight IS 'The weight of the share that is waited for; NULL for the exclusive lock.';
COMMENT ON TABLE latchkey._watch IS 'What clients want to hear of besides grants: who leads an election, or that somebody asks for a lock that they hold.';
COMMENT ON COLUMN latchkey._watch.asked_at IS 'When somebody asked for it.';
COMMENT ON COLUMN latchkey._watch.request IS 'A random number of the client; the notification carries it, so nobody can forge one.';
COMMENT ON COLUMN latchkey._watch.token IS 'The lease whose holder can be asked to give it up; NULL: the leader of an election is observed.';
COMMENT ON FUNCTION latchkey._withdraw(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Ends a call wherever it stands: takes it out of the queue, or gives back what it was granted.';
COMMENT ON FUNCTION latchkey.acquire_lock(pg_catalog.uuid,pg_catalog.text,bigint,boolean) IS 'Takes a lock for the life of a session: granted (with its fencing token), held, queued (if p_wait), or no_session. p_request is a random number of the caller; the same one again is the same call.';
COMMENT ON FUNCTION latchkey.acquire_locks(pg_catalog.uuid,pg_catalog.text[],bigint[],boolean) IS 'Takes locks in the order of their names, up to the first that is not to be had; with p_all all of them or none. Replies, as text, stand in the order of the arguments; NULL: not tried, or (p_all) not kept.';
COMMENT ON FUNCTION latchkey.acquire_shared(pg_catalog.uuid,pg_catalog.text,bigint,boolean,integer,integer) IS 'Takes a share for the life of a session: granted (with its fencing token), held, queued (if p_wait), or no_session. p_permits NULL: as a reader of a lock; otherwise p_weight permits of a semaphore, which has p_permits if it is new. p_request is a random number of the caller; the same one again is the same call.';
COMMENT ON FUNCTION latchkey.acquire_timed(pg_catalog.uuid,pg_catalog.text,bigint,boolean,bigint,bigint,pg_catalog.text) IS 'Takes a lock for a time of its own, which its client may not live to see: granted, held or queued. A session is needed only to wait. Keep p_request: it proves the ownership.';
COMMENT ON FUNCTION latchkey.add_watch(pg_catalog.uuid,bigint,pg_catalog.text,bigint) IS 'Lets a session hear of requests to give up a lease (p_token), or of who leads an election (NULL). p_request is a random number of the caller; listen on the session''s channel for "request-in-hex look", then call check_watches. false: no such session.';
COMMENT ON FUNCTION latchkey.announce_leader(pg_catalog.text) IS 'Lets the observers of an election look who leads. Called by who was elected or left, in a transaction of its own: so elections nobody observes cost nothing where locks are handed over.';
COMMENT ON FUNCTION latchkey.audit_permits(pg_catalog.text) IS 'How many permits a semaphore has (NULL: nobody has used it yet), how many are in use, and how many callers wait.';
COMMENT ON FUNCTION latchkey.audit_server() IS 'How many transactions back the oldest snapshot, prepared transaction or replication slot keeps VACUUM from cleaning; the age of the oldest transaction with a snapshot that the owner of the schema may see; how full the notification queue is (0 to 1); and what is left of the grace period (NULL: the server has just recovered, and nobody has asked yet).';
COMMENT ON FUNCTION latchkey.audit_session(pg_catalog.uuid) IS 'All that a session holds; reads the whole table. For a client whose calls may have arrived after it gave up on them.';
COMMENT ON FUNCTION latchkey.check_watches(pg_catalog.uuid,bigint[]) IS 'What there is to see of the session''s watches (all, or these): whether somebody asked for the lease, or who leads the election.';
COMMENT ON FUNCTION latchkey.close_session(pg_catalog.uuid,pg_catalog.text[]) IS 'Ends a session at once: gives back what it holds (p_names, or NULL: look for it), hands it over, and leaves every queue. false if there was no such session. Timed leases stay.';
COMMENT ON FUNCTION latchkey.confirm_timed(pg_catalog.text,bigint,bigint) IS 'After a timed lease was handed over by somebody whose commit did not wait for the disk: makes it durable with this one, and tells in retry_ms how long it still lasts.';
COMMENT ON FUNCTION latchkey.describe_candidate(pg_catalog.uuid,pg_catalog.text,bigint,pg_catalog.text,pg_catalog.text) IS 'Changes what a candidate says of itself, or says it again after a crash; false if it is none.';
COMMENT ON FUNCTION latchkey.downgrade_lock(pg_catalog.uuid,pg_catalog.text,bigint,bigint) IS 'Makes an exclusive session lease that of a reader, without a moment in between, and lets in the readers that are next: granted with a new token, or not_held. p_request: a random number of the caller.';
COMMENT ON FUNCTION latchkey.extend_timed(pg_catalog.text,bigint,bigint,bigint,bigint) IS 'Lets a timed lease that is still current last for so long from now: granted, or not_held.';
COMMENT ON FUNCTION latchkey.fence(pg_catalog.text,bigint) IS 'Raises LK001 unless this is the current token of a live lease; keeps the lock from being granted to anyone else until the calling transaction ends (a reader''s: to a writer; permits: keeps them from everybody). In repeatable read and serializable, 40001 if the lock changed since the transaction began to read: call it first.';
COMMENT ON FUNCTION latchkey.grant_to(pg_catalog.name,boolean) IS 'Lets an application role use Latchkey (or only look at its views). Runs with the caller''s rights: the owner of the schema calls it, again after each upgrade.';
COMMENT ON FUNCTION latchkey.join_election(pg_catalog.uuid,pg_catalog.text,bigint,pg_catalog.text,pg_catalog.text) IS 'Makes a session a candidate: granted (it leads; the token is its term), queued, or no_session. As acquire_lock with p_wait, for a candidate with a public id and metadata of up to 8192 bytes.';
COMMENT ON VIEW latchkey.leaders IS 'Who leads which election, since when, in which term, what it says of itself, and how many wait.';
COMMENT ON FUNCTION latchkey.leave_election(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Makes a session a candidate no more. If it led, the next one does, from this statement on: outcomes as of release_lock; withdrawn if it did not lead.';
COMMENT ON VIEW latchkey.locks IS 'Who holds what, since when, until when (a session lease is prolonged with its session), how many wait for it, and how it is held: exclusive, shared (a reader), or so many permits of a semaphore.';
COMMENT ON FUNCTION latchkey.open_session(pg_catalog.text,integer,pg_catalog.text,pg_catalog.uuid) IS 'Opens a session: renew it within its timeout, or everything that it holds ends. Keep its id secret.';
COMMENT ON VIEW latchkey.participants IS 'The candidates of each election in the order in which they lead: first the leader, which is the one with a term.';
COMMENT ON FUNCTION latchkey.reap(integer) IS 'Ends expired sessions, hands their locks to the waiters, deletes long-idle rows; returns how much there was to do. Expiry itself never needs it: it makes expiry visible.';
COMMENT ON VIEW latchkey.reaper IS 'Who makes expiry visible (pg_cron, clients in turn, or nobody), and when it was done last. pg_cron counts as at work for three periods after its last run.';
COMMENT ON FUNCTION latchkey.reaper_statement() IS 'What to run in the database of pg_cron, as a superuser, if that is another one than this.';
COMMENT ON FUNCTION latchkey.reaper_status() IS 'The view latchkey.reaper for programs: run_by is pg_cron, clients or nobody; the age of the last run is by the clock of the database.';
COMMENT ON FUNCTION latchkey.release_lock(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Gives a lock back: released; handed_over to the first waiter; fenced or grace (given back, and the next one gets it when the fenced transaction or the grace period has ended: call settle_lock); or not_held.';
COMMENT ON FUNCTION latchkey.release_shared(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Gives a share back: released; handed_over to those who waited; fenced or grace (given back, and it takes effect when the fenced transaction or the grace period has ended: call settle_lock); or not_held.';
COMMENT ON FUNCTION latchkey.release_timed(pg_catalog.text,bigint,bigint) IS 'Gives a timed lease back; it stays taken until the time it was to last at least. Outcomes as of release_lock.';
COMMENT ON FUNCTION latchkey.release_wanted(pg_catalog.uuid,pg_catalog.text,bigint) IS 'What release_lock does, for a lock that others wait for: it does not try the short cut first. Right for any lock, and slower for one that nobody wants.';
COMMENT ON FUNCTION latchkey.remove_watch(pg_catalog.uuid,bigint) IS 'Ends a watch.';
COMMENT ON FUNCTION latchkey.renew_session(pg_catalog.uuid,bigint[],boolean,boolean) IS 'Lets the session live for its timeout from now. p_confirmed: requests whose grants arrived. p_look => false: renew and do nothing else. p_reap => false: leave the reaping to others.';
COMMENT ON TYPE latchkey.renewal IS 'The answer to a renewal: alive or no_session; the incarnation; after how many milliseconds a waiting client should call again (NULL: with its next renewal); grants not confirmed yet, as request:token;request:token with the request in hex.';
COMMENT ON TYPE latchkey.reply IS 'The answer to a call: its outcome; the fencing token of what was granted; the incarnation of the database (NULL where the session would not have been found in another one than its own); after how many milliseconds another look is worthwhile, or 0 where a call that did not queue handed the lock over to others on its way; how many permits the semaphore has, if that is another number than the caller believes.';
COMMENT ON FUNCTION latchkey.request_revocation(pg_catalog.text,bigint) IS 'Asks whoever holds a lock, or shares it, or has permits of a semaphore, to give it up, which is up to them; p_token: only the one who was granted that. false if nobody has it who listens to such requests.';
COMMENT ON FUNCTION latchkey.resume_session(pg_catalog.uuid,pg_catalog.uuid,pg_catalog.text,integer,pg_catalog.text,pg_catalog.text[],bigint[],bigint[],bigint[],integer[],integer[]) IS 'During the grace period after a crash: opens a session in place of a lost one, and writes again all it holds (p_left_ms: NULL for session leases; p_weights: NULL for exclusive ones; p_permits: those of the semaphore). resumed, with a truth value per lease, or too_late.';
COMMENT ON FUNCTION latchkey.run_batch(pg_catalog.uuid,pg_catalog.text[],pg_catalog.text[],bigint[]) IS 'Many calls of one session in one round trip: try, acquire (number: the request), release (the token), withdraw (the request), and those for shares: read, try_read (the request), "permits 2/10", "try_permits 2/10" (2 of a semaphore of 10; the request), give_back (the token), "downgrade 4711" and "upgrade 4711" (the request; the token). The calls come in the order of the bytes of their names; replies, as text, stand in the order of the calls.';
COMMENT ON FUNCTION latchkey.run_reaper(interval) IS 'What the job of pg_cron calls, so often: reaps, remembers that pg_cron is at work, and once a minute purges what the job left in cron.job_run_details.';
COMMENT ON FUNCTION latchkey.run_uncontended(pg_catalog.uuid,pg_catalog.text[],bigint[],bigint[]) IS 'Takes and gives back many locks in one statement, where nobody else wants them, for half of what run_batch costs. p_requests: the random number of who wants to take it; p_tokens: the token of who gives it back; NULL in the other one. Returns the tokens. NULL: it is not as simple as that, or the name came twice; nothing was done, ask run_batch.';
COMMENT ON FUNCTION latchkey.schedule_reaper(boolean) IS 'Lets pg_cron run the reaper every second, or every minute where it cannot do better (every: second or minute). Can be repeated, also at the same time: there is one job. Where that cannot work it raises an error of class LK whose hint says what is missing; p_required => false: returns that instead.';
COMMENT ON FUNCTION latchkey.schema_version() IS 'The version of this schema, and the oldest one whose clients still work on it.';
COMMENT ON VIEW latchkey.semaphores IS 'The semaphores: how many permits they have, how many of them are in use, and how many callers wait.';
COMMENT ON VIEW latchkey.sessions IS 'The live clients, by their public names.';
COMMENT ON FUNCTION latchkey.set_permits(pg_catalog.text,integer) IS 'Changes how many permits a semaphore has, for good: set, or handed_over (some who waited have theirs now; call wake in a transaction of its own). Nobody loses permits: fewer take effect as they are given back, and who waits for more than there are is refused.';
COMMENT ON FUNCTION latchkey.settle_lock(pg_catalog.text) IS 'Hands a lock over if it is waited for and can be had: settled, granted or held (by others that share it), or (look again) busy, fenced or grace.';
COMMENT ON FUNCTION latchkey.try_lock(pg_catalog.uuid,pg_catalog.text) IS 'Takes a lock if it is free, for people at a prompt: granted with its fencing token, or held.';
COMMENT ON FUNCTION latchkey.unschedule_reaper() IS 'Takes the job away again, with what it left in cron.job_run_details; false if there was none. Clients then reap in turn.';
COMMENT ON FUNCTION latchkey.upgrade_lock(pg_catalog.uuid,pg_catalog.text,bigint,bigint) IS 'Makes the lease of a lock''s only reader the exclusive one: granted with a new token, held (there are other readers: it stays a reader''s, nothing waits), or not_held. p_request: a random number of the caller.';
COMMENT ON VIEW latchkey.waiters IS 'Who waits for what, in the order in which they get it, who has it now, and how it is asked for.';
COMMENT ON FUNCTION latchkey.wake(pg_catalog.text[]) IS 'Notifies the clients that these locks were handed over to. For a caller whose hand-over was flushed: call it afterwards, in a transaction of its own.';
COMMENT ON FUNCTION latchkey.withdraw_request(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Stops waiting. If the lock was granted meanwhile it is given back.';

-- Migrations

-- migration 1, serves clients from 1: tables
-- migration 10, serves clients from 1: elections
-- migration 11, serves clients from 1: diagnostics
-- migration 2, serves clients from 1: sessions
-- migration 3, serves clients from 1: locks
-- migration 4, serves clients from 1: fence and timed leases
-- migration 5, serves clients from 1: session life
-- migration 6, serves clients from 1: reaper and batches
-- migration 7, serves clients from 1: views and grants
-- migration 8, serves clients from 1: pg_cron
-- migration 9, serves clients from 1: shared leases
