-- Generated from the catalog of a database on which all migrations ran; do not edit, and do not run.
-- A test compares it, and says how to write it again.

-- Tables

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
    CONSTRAINT _lock_pk PRIMARY KEY (name)
) WITH (fillfactor=50, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

CREATE UNLOGGED TABLE latchkey._reaper (
    only_row boolean NOT NULL DEFAULT true,
    last_run timestamp with time zone NOT NULL,
    lock_cursor text COLLATE "C" NOT NULL DEFAULT ''::text,
    waiter_cursor text COLLATE "C" NOT NULL DEFAULT ''::text,
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
    CONSTRAINT _setting_grace_positive CHECK ((grace_ms > 0)),
    CONSTRAINT _setting_idle_positive CHECK ((idle_after > '00:00:00'::interval)),
    CONSTRAINT _setting_one_row CHECK (only_row),
    CONSTRAINT _setting_pk PRIMARY KEY (only_row)
);

CREATE UNLOGGED TABLE latchkey._waiter (
    name text COLLATE "C" NOT NULL,
    ticket bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    session uuid NOT NULL,
    request bigint NOT NULL,
    at_most_ms bigint,
    at_least_ms bigint,
    queued_at timestamp with time zone NOT NULL,
    token bigint,
    CONSTRAINT _waiter_pk PRIMARY KEY (name, ticket)
) WITH (fillfactor=70, autovacuum_vacuum_threshold=500, autovacuum_vacuum_scale_factor=0.05, vacuum_truncate=off);

-- Indexes besides those of constraints

CREATE UNIQUE INDEX _waiter_call ON latchkey._waiter USING btree (session, request);

-- Types

CREATE TYPE latchkey.renewal AS (outcome text, incarnation bigint, look_ms bigint, grants text);

CREATE TYPE latchkey.reply AS (outcome text, token bigint, incarnation bigint, retry_ms bigint);

-- Functions

CREATE OR REPLACE FUNCTION latchkey._acquire(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_at_most_ms bigint, p_at_least_ms bigint, p_holder text)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_grace bigint;
    v_left  bigint;
    v_reply latchkey.reply;
BEGIN
    SELECT i.id, i.grace_left_ms INTO v_reply.incarnation, v_grace FROM latchkey._incarnation() i;
    IF (p_wait OR p_at_most_ms IS NULL)
       AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp()) THEN
        v_reply.outcome := 'no_session';
        RETURN v_reply;
    END IF;
    LOOP
        IF NOT p_wait THEN
            -- A look first: a call that cannot have the lock and does not wait writes nothing.
            SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name;
            v_left := CASE WHEN v_lock.request = p_request THEN 0
                           WHEN FOUND THEN latchkey._remaining_ms(v_lock.session, v_lock.expires_at)
                           ELSE v_grace END;
            EXIT WHEN v_left > 0;
        END IF;
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            PERFORM latchkey._check_name(p_name);
            INSERT INTO latchkey._lock (name, token, granted_at)
            SELECT p_name, s.token_floor, clock_timestamp() FROM latchkey._setting s
            ON CONFLICT DO NOTHING;
            CONTINUE;
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
        ELSIF v_lock.waiting THEN
            CASE latchkey._hand_over(p_name, v_lock.ticket)
                WHEN 'fenced' THEN v_left := 20;
                WHEN 'grace'  THEN v_left := greatest(v_grace, 1);
                ELSE CONTINUE;
            END CASE;
            EXIT;
        ELSIF v_grace > 0 THEN
            v_left := v_grace;
            EXIT;
        END IF;
        PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN  -- a fenced transaction is open
            v_left := 20;
            EXIT;
        END IF;
        v_reply.token := latchkey._grant(p_name, p_session, p_request, p_holder, p_at_most_ms, p_at_least_ms, v_lock.ticket, false);
        v_reply.outcome := 'granted';
        RETURN v_reply;
    END LOOP;
    v_reply.retry_ms := v_left;
    v_reply.outcome := 'held';
    IF p_wait THEN
        v_reply.outcome := 'queued';
        PERFORM latchkey._enqueue(v_lock, p_session, p_request, p_at_most_ms, p_at_least_ms);
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._after_ms(p_ms bigint)
 RETURNS timestamp with time zone
 LANGUAGE sql
AS $function$ SELECT clock_timestamp() + p_ms * interval '1 millisecond' $function$;

CREATE OR REPLACE FUNCTION latchkey._check_lease(p_at_most_ms bigint, p_at_least_ms bigint)
 RETURNS void
 LANGUAGE plpgsql
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

CREATE OR REPLACE FUNCTION latchkey._clear(p_name text, p_waiting boolean)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    UPDATE latchkey._lock l
       SET session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL, waiting = p_waiting
     WHERE l.name OPERATOR(pg_catalog.=) p_name;  -- acquire_lock calls it with its caller's search_path
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

CREATE OR REPLACE FUNCTION latchkey._enqueue(p_lock latchkey._lock, p_session uuid, p_request bigint, p_at_most_ms bigint, p_at_least_ms bigint)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF NOT p_lock.waiting THEN
        UPDATE latchkey._lock l SET waiting = true WHERE l.name = p_lock.name;
    END IF;
    INSERT INTO latchkey._waiter (name, session, request, at_most_ms, at_least_ms, queued_at)
    VALUES (p_lock.name, p_session, p_request, p_at_most_ms, p_at_least_ms, clock_timestamp())
    ON CONFLICT (session, request) DO NOTHING;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._grant(p_name text, p_session uuid, p_request bigint, p_holder text, p_at_most_ms bigint, p_at_least_ms bigint, p_ticket bigint, p_waiting boolean)
 RETURNS bigint
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_token bigint;
BEGIN
    UPDATE latchkey._lock l
       SET token = latchkey._next_token(l.token), request = p_request, granted_at = clock_timestamp(), ticket = p_ticket, waiting = p_waiting,
           session    = CASE WHEN p_at_most_ms IS NULL THEN p_session END,
           holder     = CASE WHEN p_at_most_ms IS NOT NULL THEN p_holder END,
           lease_ms   = p_at_most_ms,
           expires_at = latchkey._after_ms(p_at_most_ms),
           at_least   = latchkey._after_ms(p_at_least_ms)
     WHERE l.name = p_name
    RETURNING l.token INTO v_token;
    RETURN v_token;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._hand_over(p_name text, p_served bigint, p_unfenced boolean DEFAULT false)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_incarnation bigint;
    v_grace       bigint;
    v_token       bigint;
    v_waiter      record;
BEGIN
    SELECT i.id, i.grace_left_ms INTO v_incarnation, v_grace FROM latchkey._incarnation() i;
    IF v_grace > 0 THEN
        RETURN 'grace';
    ELSIF NOT p_unfenced THEN
        PERFORM FROM latchkey._lock l WHERE l.name = p_name FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN 'fenced';
        END IF;
    END IF;
    LOOP
        SELECT w.ticket, w.session, w.request, w.at_most_ms, w.at_least_ms, s.channel, s.holder, s.expires_at > clock_timestamp() AS alive
          INTO v_waiter
          FROM latchkey._waiter w LEFT JOIN latchkey._session s ON s.id = w.session
         WHERE w.name = p_name AND w.ticket > p_served
         ORDER BY w.ticket LIMIT 1;
        IF NOT FOUND THEN
            PERFORM latchkey._clear(p_name, false);
            RETURN 'free';
        END IF;
        EXIT WHEN v_waiter.alive;
        DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_waiter.ticket;
    END LOOP;
    -- Others may wait behind it, or not: where there was a queue there soon is one again, so the next release looks.
    v_token := latchkey._grant(p_name, v_waiter.session, v_waiter.request, v_waiter.holder, v_waiter.at_most_ms, v_waiter.at_least_ms, v_waiter.ticket, true);
    UPDATE latchkey._waiter w SET token = v_token WHERE w.name = p_name AND w.ticket = v_waiter.ticket;
    PERFORM latchkey._notify(v_waiter.channel, v_waiter.request, v_token, v_incarnation);
    RETURN 'granted';
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

CREATE OR REPLACE FUNCTION latchkey._insert_session(p_session uuid, p_holder text, p_timeout_ms integer, p_channel text)
 RETURNS void
 LANGUAGE sql
AS $function$
    INSERT INTO latchkey._session (id, holder, channel, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
    SELECT p_session, p_holder, p_channel, p_timeout_ms, clock_timestamp(), clock_timestamp(), latchkey._after_ms(p_timeout_ms), i.granting_from
      FROM latchkey._incarnation i
    ON CONFLICT (id) DO NOTHING  -- a repeated call whose first answer was lost
$function$;

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
    -- The first of a queue looks again when its holder's time is up. Those behind it leave that to the first, and to their renewals.
    SELECT array_agg(q.name ORDER BY q.name) FILTER (WHERE q.left_ms = 0), min(q.left_ms) FILTER (WHERE q.left_ms > 0 AND q.is_first)
      INTO v_due, look_ms
      FROM (SELECT w.name, coalesce(latchkey._ms_until(coalesce(h.expires_at, l.expires_at)), 0) AS left_ms,
                   NOT EXISTS (SELECT FROM latchkey._waiter e WHERE e.name = w.name AND e.ticket > l.ticket AND e.ticket < w.ticket) AS is_first
              FROM latchkey._waiter w
              JOIN latchkey._lock l ON l.name = w.name
              LEFT JOIN latchkey._session h ON h.id = l.session
             WHERE w.session = p_session AND w.token IS NULL) q;
    IF v_grace > 0 THEN
        look_ms := v_grace;
    ELSE
        FOREACH v_name IN ARRAY coalesce(v_due[1:100], '{}') LOOP
            look_ms := least(look_ms, CASE latchkey._settle(v_name) WHEN 'fenced' THEN 20 WHEN 'busy' THEN 5 WHEN 'grace' THEN 1000 END);
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

CREATE OR REPLACE FUNCTION latchkey._reap_idle_locks()
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_names  text[];
    v_floor  bigint;
    v_purged integer;
BEGIN
    v_names := ARRAY(SELECT l.name FROM latchkey._lock l
                      WHERE l.name > (SELECT r.lock_cursor FROM latchkey._reaper r) ORDER BY l.name LIMIT 500);
    WITH idle AS (
        SELECT l.name FROM latchkey._lock l, latchkey._setting g
         WHERE l.name = ANY (v_names) AND l.granted_at < clock_timestamp() - g.idle_after AND NOT l.waiting
           AND CASE WHEN l.session IS NOT NULL THEN NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = l.session)
                    ELSE coalesce(l.expires_at < clock_timestamp() - g.idle_after, true) END
           FOR UPDATE OF l SKIP LOCKED
    ), purged AS (
        DELETE FROM latchkey._lock l USING idle WHERE l.name = idle.name RETURNING l.token
    )
    SELECT max(p.token), count(*) INTO v_floor, v_purged FROM purged p;
    UPDATE latchkey._setting g SET token_floor = v_floor WHERE g.token_floor < v_floor;
    UPDATE latchkey._reaper r SET lock_cursor = CASE WHEN cardinality(v_names) = 500 THEN v_names[500] ELSE '' END
     WHERE r.lock_cursor <> '' OR cardinality(v_names) = 500;
    RETURN v_purged;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_in_turn(p_pause interval, p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
BEGIN
    -- The plain look first: a call out of turn costs one read.
    IF EXISTS (SELECT FROM latchkey._reaper r WHERE r.last_run > clock_timestamp() - p_pause AND r.last_run <= clock_timestamp()) THEN
        RETURN 0;
    END IF;
    IF NOT EXISTS (SELECT FROM latchkey._reaper) THEN  -- ON CONFLICT waits for one who is changing the row
        INSERT INTO latchkey._reaper (last_run) VALUES ('-infinity') ON CONFLICT DO NOTHING;
    END IF;
    PERFORM FROM latchkey._reaper r WHERE r.only_row FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND OR (SELECT i.grace_left_ms FROM latchkey._incarnation() i) > 0 THEN
        RETURN 0;
    END IF;
    UPDATE latchkey._reaper r SET last_run = clock_timestamp() WHERE r.only_row;
    RETURN latchkey._reap_sessions(p_limit) + latchkey._reap_queues(p_limit) + latchkey._reap_idle_locks();
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_queues(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_names text[];
    v_read  integer;
    v_name  text := '';
    v_done  integer := 0;
BEGIN
    SELECT array_agg(DISTINCT c.name ORDER BY c.name), count(*) INTO v_names, v_read
      FROM (SELECT w.name FROM latchkey._waiter w
             WHERE w.name > (SELECT r.waiter_cursor FROM latchkey._reaper r) ORDER BY w.name LIMIT 1000) c;
    FOREACH v_name IN ARRAY coalesce(v_names, '{}') LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM latchkey._lock l WHERE l.name = v_name AND latchkey._remaining_ms(l.session, l.expires_at) = 0)
                  AND NOT EXISTS (SELECT FROM latchkey._waiter w LEFT JOIN latchkey._session s ON s.id = w.session WHERE w.name = v_name AND s.id IS NULL);
        PERFORM FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        DELETE FROM latchkey._waiter w WHERE w.name = v_name AND NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = w.session);
        PERFORM latchkey._settle(v_name);
        v_done := v_done + 1;
        EXIT WHEN v_done >= p_limit;
    END LOOP;
    UPDATE latchkey._reaper r SET waiter_cursor = CASE WHEN v_done >= p_limit OR v_read = 1000 THEN v_name ELSE '' END
     WHERE r.waiter_cursor <> '' OR v_done >= p_limit OR v_read = 1000;
    RETURN v_done;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._reap_sessions(p_limit integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_ended integer;
BEGIN
    DELETE FROM latchkey._session s
     WHERE s.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._session e WHERE e.expires_at <= clock_timestamp() LIMIT p_limit FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_ended = ROW_COUNT;
    RETURN v_ended;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._refuse(p_sqlstate text, p_message text, p_hint text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION USING ERRCODE = p_sqlstate, MESSAGE = p_message, HINT = p_hint;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._release_timed(p_name text, p_token bigint, p_request bigint, p_keep_at_least boolean)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
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
        v_reply.outcome := latchkey._hand_over(p_name, v_lock.ticket);
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
    v_ticket   bigint;
    v_unfenced boolean;
    v_reply    latchkey.reply;
BEGIN
    -- Most often nobody else is at it and no fence is open, and one row lock serves for both questions.
    SELECT l.ticket INTO v_ticket FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND l.session = p_session FOR UPDATE SKIP LOCKED;
    v_unfenced := FOUND;
    IF NOT v_unfenced THEN
        SELECT l.ticket INTO v_ticket FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token AND l.session = p_session FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            v_reply.outcome := 'not_held';
            SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
            RETURN v_reply;
        END IF;
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.ticket = v_ticket;
    v_reply.outcome := latchkey._hand_over(p_name, v_ticket, v_unfenced);
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
    END IF;
    IF p_left_ms IS NULL THEN
        UPDATE latchkey._lock l SET token = p_token, request = p_request, session = p_new,
               expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL WHERE l.name = p_name;
    ELSIF v_lock.token < p_token THEN
        UPDATE latchkey._lock l SET token = p_token, request = p_request, session = NULL,
               expires_at = latchkey._after_ms(p_left_ms), lease_ms = p_left_ms, at_least = NULL, holder = p_holder WHERE l.name = p_name;
    END IF;
    RETURN true;
END $function$;

CREATE OR REPLACE FUNCTION latchkey._settle(p_name text)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
DECLARE
    v_lock latchkey._lock;
BEGIN
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 'busy';
    ELSIF NOT v_lock.waiting OR latchkey._holder_left_ms(v_lock) > 0 THEN
        RETURN 'settled';
    END IF;
    RETURN replace(latchkey._hand_over(p_name, v_lock.ticket), 'free', 'settled');
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
    -- After a crash the tickets would start at 1 again, behind those that were served.
    PERFORM setval('latchkey._waiter_ticket_seq', greatest((SELECT max(l.ticket) + 1 FROM latchkey._lock l),
                                                           (date_part('epoch', clock_timestamp()) * 1000000)::bigint));
END $function$;

CREATE OR REPLACE FUNCTION latchkey._withdraw(p_session uuid, p_name text, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
DECLARE
    v_lock  latchkey._lock;
    v_reply latchkey.reply;
BEGIN
    SELECT i.id INTO v_reply.incarnation FROM latchkey._incarnation() i;
    v_reply.outcome := 'withdrawn';
    SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = p_name FOR NO KEY UPDATE;
    IF v_lock.session = p_session AND v_lock.request = p_request THEN
        v_reply := latchkey._release(p_session, p_name, v_lock.token);
    ELSIF v_lock.request = p_request AND v_lock.expires_at IS NOT NULL THEN
        v_reply := latchkey._release_timed(p_name, v_lock.token, p_request, false);
    END IF;
    DELETE FROM latchkey._waiter w WHERE w.name = p_name AND w.session = p_session AND w.request = p_request;
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
       -- What this transaction gave back itself is looked at closely: a fence that still sees it held must wait for our commit.
       AND coalesce(l.xmin OPERATOR(pg_catalog.<>) pg_catalog.xid(pg_catalog.pg_current_xact_id_if_assigned()), true)
       AND EXISTS (SELECT FROM latchkey._session s
                    WHERE s.id OPERATOR(pg_catalog.=) p_session
                      AND s.expires_at OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp()
                      AND s.granting_from OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp())
    RETURNING CASE WHEN l.xmax OPERATOR(pg_catalog.=) 0
                   THEN '(granted,' OPERATOR(pg_catalog.||) l.token::pg_catalog.text OPERATOR(pg_catalog.||) ',,)' END INTO v_reply;
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

CREATE OR REPLACE FUNCTION latchkey.acquire_timed(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_at_most_ms bigint, p_at_least_ms bigint, p_holder text)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    PERFORM latchkey._check_lease(p_at_most_ms, p_at_least_ms);
    RETURN latchkey._acquire(p_session, p_name, p_request, p_wait, p_at_most_ms, p_at_least_ms, p_holder);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.audit_session(p_session uuid)
 RETURNS TABLE(name text, token bigint, request bigint)
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$ SELECT l.name, l.token, l.request FROM latchkey._lock l WHERE l.session = p_session $function$;

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
         UNION SELECT l.name FROM latchkey._lock l WHERE p_names IS NULL AND l.session = p_session
         ORDER BY 1
    LOOP
        SELECT * INTO v_lock FROM latchkey._lock l WHERE l.name = v_name FOR NO KEY UPDATE;
        DELETE FROM latchkey._waiter w WHERE w.name = v_name AND w.session = p_session;
        IF v_lock.session = p_session THEN
            PERFORM latchkey._release(p_session, v_name, v_lock.token);
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
       SET expires_at = latchkey._after_ms(p_at_most_ms), lease_ms = p_at_most_ms, at_least = latchkey._after_ms(p_at_least_ms)
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
    PERFORM FROM latchkey._lock l WHERE l.name = p_name AND l.token = p_token FOR KEY SHARE;
    IF NOT FOUND OR NOT EXISTS (
        SELECT FROM latchkey._lock l
         WHERE l.name = p_name AND l.token = p_token AND l.request IS NOT NULL AND latchkey._remaining_ms(l.session, l.expires_at) > 0) THEN
        PERFORM latchkey._refuse('LK001', format('the lease with fencing token %s is not current any more', p_token),
                                 'It was released or it expired, or the database recovers from a crash and its holder has not resumed yet. Roll back.');
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
          FROM pg_class c WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind = 'v'
         UNION ALL
        SELECT 'EXECUTE ON FUNCTION ' || p.oid::regprocedure::text
          FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname !~ '^_' AND p.proname <> 'grant_to'
           AND (NOT p_monitor_only OR p.proname = 'schema_version')
    LOOP
        EXECUTE format('GRANT %s TO %I', v_object, p_role);
    END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.open_session(p_holder text, p_timeout_ms integer DEFAULT 15000, p_channel text DEFAULT NULL::text, p_session uuid DEFAULT gen_random_uuid(), OUT session uuid, OUT incarnation bigint, OUT grace_left_ms bigint)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    IF coalesce(octet_length(p_holder), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', 'a holder''s name has 1 to 512 bytes', 'It is what others see in latchkey.locks, such as host and process id.');
    END IF;
    PERFORM latchkey._check_timeout(p_timeout_ms);
    SELECT i.id, i.grace_left_ms INTO incarnation, grace_left_ms FROM latchkey._incarnation() i;
    PERFORM latchkey._insert_session(p_session, p_holder, p_timeout_ms, p_channel);
    session := p_session;
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
    RETURNING '(released,,,)' INTO v_reply;
    IF v_reply IS NULL THEN
        v_reply := latchkey._release(p_session, p_name, p_token)::pg_catalog.text;
    END IF;
    RETURN v_reply;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.release_timed(p_name text, p_token bigint, p_request bigint)
 RETURNS latchkey.reply
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
BEGIN
    RETURN latchkey._release_timed(p_name, p_token, p_request, true);
END $function$;

CREATE OR REPLACE FUNCTION latchkey.renew_session(p_session uuid, p_confirmed bigint[] DEFAULT '{}'::bigint[], p_look boolean DEFAULT true)
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
        DELETE FROM latchkey._waiter w WHERE w.session = p_session AND w.token IS NOT NULL AND w.request = ANY (p_confirmed);
    END IF;
    IF p_look THEN
        IF EXISTS (SELECT FROM latchkey._waiter w WHERE w.session = p_session) THEN
            SELECT l.look_ms, l.grants INTO v_renewal.look_ms, v_renewal.grants FROM latchkey._look_after_waits(p_session) l;
        END IF;
        PERFORM latchkey._reap_in_turn('2 seconds', 20);
    END IF;
    RETURN v_renewal;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.resume_session(p_old uuid, p_session uuid, p_holder text, p_timeout_ms integer, p_channel text, p_names text[], p_tokens bigint[], p_requests bigint[], p_left_ms bigint[], OUT outcome text, OUT incarnation bigint, OUT kept boolean[])
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
    PERFORM latchkey._check_timeout(p_timeout_ms);
    PERFORM latchkey._insert_session(p_session, p_holder, p_timeout_ms, p_channel);
    -- A new id: what the old one still seems to hold, and the client does not claim, is held by nobody.
    FOR v_lease IN
        SELECT u.* FROM unnest(p_names, p_tokens, p_requests, p_left_ms) WITH ORDINALITY u (name, token, request, left_ms, place)
         ORDER BY u.name COLLATE "C", u.token
    LOOP
        kept[v_lease.place] := latchkey._resume_lease(v_lease.name, v_lease.token, v_lease.request, p_old, p_session, p_holder, v_lease.left_ms);
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
    v_call    pg_catalog.record;
    v_reply   pg_catalog.text;
    v_replies pg_catalog.text[] := pg_catalog.array_fill(NULL::pg_catalog.text, ARRAY[pg_catalog.cardinality(p_names)]);
BEGIN
    -- In the order of the names: two batches never wait for each other in a circle.
    FOR v_call IN
        SELECT u.* FROM ROWS FROM (pg_catalog.unnest(p_calls), pg_catalog.unnest(p_names), pg_catalog.unnest(p_numbers))
                        WITH ORDINALITY u (call, name, number, place)
         ORDER BY u.name COLLATE pg_catalog."C", u.place
    LOOP
        IF v_call.call OPERATOR(pg_catalog.=) 'release' THEN
            v_reply := latchkey.release_lock(p_session, v_call.name, v_call.number);
        ELSIF v_call.call OPERATOR(pg_catalog.=) 'acquire' THEN
            v_reply := latchkey.acquire_lock(p_session, v_call.name, v_call.number, true);
        ELSIF v_call.call OPERATOR(pg_catalog.=) 'try' THEN
            v_reply := latchkey.acquire_lock(p_session, v_call.name, v_call.number, false);
        ELSIF v_call.call OPERATOR(pg_catalog.=) 'withdraw' THEN
            v_reply := latchkey._withdraw(p_session, v_call.name, v_call.number)::pg_catalog.text;
        ELSE
            PERFORM latchkey._refuse('LK002', 'there is no such call in a batch', 'Calls are try, acquire, release and withdraw.');
        END IF;
        v_replies[v_call.place] := v_reply;
    END LOOP;
    RETURN v_replies;
END $function$;

CREATE OR REPLACE FUNCTION latchkey.schema_version(OUT version integer, OUT compatible_from integer)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$ SELECT v.version, v.compatible_from FROM latchkey._schema_version v ORDER BY v.version DESC LIMIT 1 $function$;

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

CREATE OR REPLACE FUNCTION latchkey.wake(p_names text[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'latchkey', 'pg_temp'
AS $function$
    SELECT pg_notify(s.channel, to_hex(w.request) || ' ' || w.token || ' ' || i.id)
      FROM latchkey._waiter w
      JOIN latchkey._lock l ON l.name = w.name AND l.token = w.token
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
          WHERE ((w.name = l.name) AND (w.token IS NULL))) AS waiting
   FROM (latchkey._lock l
     LEFT JOIN latchkey._session s ON ((s.id = l.session)))
  WHERE (COALESCE(s.expires_at, l.expires_at) > clock_timestamp());

CREATE VIEW latchkey.sessions AS
 SELECT holder,
    opened_at,
    renewed_at,
    expires_at,
    ((timeout_ms)::double precision * '00:00:00.001'::interval) AS timeout,
    ( SELECT count(*) AS count
           FROM latchkey._lock l
          WHERE (l.session = s.id)) AS locks_held,
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
    COALESCE(h.holder, l.holder) AS held_by
   FROM (((latchkey._waiter w
     JOIN latchkey._session s ON (((s.id = w.session) AND (s.expires_at > clock_timestamp()))))
     JOIN latchkey._lock l ON ((l.name = w.name)))
     LEFT JOIN latchkey._session h ON ((h.id = l.session)))
  WHERE (w.token IS NULL);

-- Comments

COMMENT ON SCHEMA latchkey IS 'Latchkey: fair, fenced locks for services. Tables are private, functions are the API, views show who holds what.';
COMMENT ON FUNCTION latchkey._acquire(pg_catalog.uuid,pg_catalog.text,bigint,boolean,bigint,bigint,pg_catalog.text) IS 'The whole of taking a lock, whatever its state.';
COMMENT ON FUNCTION latchkey._after_ms(bigint) IS 'The moment that is so many milliseconds from now.';
COMMENT ON FUNCTION latchkey._check_lease(bigint,bigint) IS 'Refuses an impossible length of a timed lease.';
COMMENT ON FUNCTION latchkey._check_name(pg_catalog.text) IS 'Refuses a name that no lock can have.';
COMMENT ON FUNCTION latchkey._check_timeout(integer) IS 'Refuses an impossible session timeout and makes the grace period cover a possible one.';
COMMENT ON FUNCTION latchkey._clear(pg_catalog.text,boolean) IS 'Writes "free" into a row that the caller has locked; the token stays.';
COMMENT ON FUNCTION latchkey._end_if_expired(pg_catalog.uuid) IS 'Ends a session whose time is up and returns 0, or returns the milliseconds after which to look again.';
COMMENT ON FUNCTION latchkey._enqueue(latchkey._lock,pg_catalog.uuid,bigint,bigint,bigint) IS 'Adds a call to the end of the queue, once. The caller has the row of the lock, and saw under it that the lock is taken.';
COMMENT ON FUNCTION latchkey._grant(pg_catalog.text,pg_catalog.uuid,bigint,pg_catalog.text,bigint,bigint,bigint,boolean) IS 'Writes a new holder into a row that the caller has locked FOR UPDATE.';
COMMENT ON FUNCTION latchkey._hand_over(pg_catalog.text,bigint,boolean) IS 'Grants a lock that nobody holds to the first live waiter behind the ticket that was served last, and tells it. The caller has the row; p_unfenced: even FOR UPDATE. granted, free (nobody waits), or fenced or grace (not now; nothing was changed).';
COMMENT ON FUNCTION latchkey._holder_left_ms(latchkey._lock) IS 'How long the holder still has the lock; 0: nobody holds it, and nobody can come back. The caller has the row.';
COMMENT ON TABLE latchkey._incarnation IS 'The marker: while its row is missing, committed grants may have been lost, and nothing new is granted.';
COMMENT ON FUNCTION latchkey._incarnation() IS 'The current incarnation and what is left of its grace period; starts one when the marker is missing.';
COMMENT ON COLUMN latchkey._incarnation.granting_from IS 'The end of the grace period.';
COMMENT ON COLUMN latchkey._incarnation.id IS 'A random number, part of every reply; a client that sees another one than it knows resumes its leases.';
COMMENT ON FUNCTION latchkey._insert_session(pg_catalog.uuid,pg_catalog.text,integer,pg_catalog.text) IS 'Writes the row of a new session.';
COMMENT ON TABLE latchkey._lock IS 'One row per lock. It stays when the lock is free: it holds the last token.';
COMMENT ON COLUMN latchkey._lock.at_least IS 'A timed lease that is released earlier stays taken until then.';
COMMENT ON COLUMN latchkey._lock.expires_at IS 'The end of a timed lease; NULL for a session lease and for a free lock.';
COMMENT ON COLUMN latchkey._lock.granted_at IS 'The time of the last grant.';
COMMENT ON COLUMN latchkey._lock.holder IS 'The public name of the holder of a timed lease.';
COMMENT ON COLUMN latchkey._lock.lease_ms IS 'The length of a timed lease: an end further away than that means that the clock went back.';
COMMENT ON COLUMN latchkey._lock.request IS 'The random number of the call that was granted, which makes a repeated call harmless.';
COMMENT ON COLUMN latchkey._lock.session IS 'The holder of a session lease. No foreign key: a session that is gone holds nothing, whatever stands here.';
COMMENT ON COLUMN latchkey._lock.ticket IS 'The ticket of the last waiter that was served: the queue goes on behind it, past what the index still has of those before.';
COMMENT ON COLUMN latchkey._lock.token IS 'The fencing token of the last grant.';
COMMENT ON COLUMN latchkey._lock.waiting IS 'Whether somebody may stand in the queue: then neither taking nor giving back has a short cut.';
COMMENT ON FUNCTION latchkey._look_after_waits(pg_catalog.uuid) IS 'The backstop for lost notifications and dead holders: hands over what this session waits for and nobody holds, and returns the grants it has not confirmed.';
COMMENT ON FUNCTION latchkey._ms_until(timestamp with time zone) IS 'Milliseconds from now, by the clock and not by the start of the transaction; 0 for the past.';
COMMENT ON FUNCTION latchkey._next_token(bigint) IS 'The fencing token after this one. By the clock, so that a failover that lost the last grants repeats none; at least one more, so that a clock that goes back does not either.';
COMMENT ON FUNCTION latchkey._notify(pg_catalog.text,bigint,bigint,bigint) IS 'Wakes the client that was granted a lock. The request''s random number proves that the notification is genuine.';
COMMENT ON FUNCTION latchkey._reap_idle_locks() IS 'Deletes lock rows that nobody took for long, and remembers the highest token among them. Looks at 500 rows, on from where the last call stopped.';
COMMENT ON FUNCTION latchkey._reap_in_turn(interval,integer) IS 'Reaps unless somebody did a moment ago or is doing it. Waits for nobody.';
COMMENT ON FUNCTION latchkey._reap_queues(integer) IS 'Hands over locks that are waited for and that nobody holds, and removes waiters whose session is gone. Looks at up to 1,000 waiters, on from where the last call stopped.';
COMMENT ON FUNCTION latchkey._reap_sessions(integer) IS 'Ends sessions whose time is up, so many at the most. What they held is free from then on.';
COMMENT ON TABLE latchkey._reaper IS 'Whose turn it is to reap, one row: whoever has its lock.';
COMMENT ON COLUMN latchkey._reaper.lock_cursor IS 'How far the search for long-idle lock rows came.';
COMMENT ON COLUMN latchkey._reaper.waiter_cursor IS 'How far the search for waiters of free locks came.';
COMMENT ON FUNCTION latchkey._refuse(pg_catalog.text,pg_catalog.text,pg_catalog.text) IS 'Raises an error of class LK. LK001: lease lost; LK002: bad argument; LK003: session unknown.';
COMMENT ON FUNCTION latchkey._release(pg_catalog.uuid,pg_catalog.text,bigint) IS 'The whole of giving back a session lease, whoever waits.';
COMMENT ON FUNCTION latchkey._release_timed(pg_catalog.text,bigint,bigint,boolean) IS 'The whole of giving back a timed lease.';
COMMENT ON FUNCTION latchkey._remaining_ms(pg_catalog.uuid,timestamp with time zone) IS 'How long the holder of a lock has it for sure, by what can be read; 0: free, or its holder is gone. Writes nothing.';
COMMENT ON FUNCTION latchkey._resume_lease(pg_catalog.text,bigint,bigint,pg_catalog.uuid,pg_catalog.uuid,pg_catalog.text,bigint) IS 'Writes a lease again that the crash may have lost; false if it is not the holder''s any more.';
COMMENT ON TABLE latchkey._schema_version IS 'One row per migration that ran; each migration adds its own, whoever runs it.';
COMMENT ON COLUMN latchkey._schema_version.compatible_from IS 'The oldest schema version whose clients still work on this one.';
COMMENT ON TABLE latchkey._session IS 'The live clients. A session lease is worth what its session is: no row, no lease.';
COMMENT ON COLUMN latchkey._session.channel IS 'Where the client listens while it waits; NULL if it does not.';
COMMENT ON COLUMN latchkey._session.granting_from IS 'Copied from the marker, which was there when this row was written and is lost only together with it: so a grant looks at one row and not at two.';
COMMENT ON COLUMN latchkey._session.holder IS 'The public name of the client, for people.';
COMMENT ON COLUMN latchkey._session.id IS 'A random secret: whoever knows it acts for the session. In no view, notification or message.';
COMMENT ON TABLE latchkey._setting IS 'Durable settings, one row.';
COMMENT ON COLUMN latchkey._setting.grace_ms IS 'The longest session timeout ever granted: for so long after a crash nobody is granted anything new.';
COMMENT ON COLUMN latchkey._setting.idle_after IS 'A lock row that nobody took for this long is deleted.';
COMMENT ON COLUMN latchkey._setting.token_floor IS 'The highest token of a lock row that was deleted; new rows start above it, whatever the clock says.';
COMMENT ON FUNCTION latchkey._settle(pg_catalog.text) IS 'Hands a lock over if it is waited for and nobody holds it. Never waits for a row.';
COMMENT ON FUNCTION latchkey._spread_tables() IS 'Gives the unlogged tables their empty pages, and tickets that go on rising; after a crash they have lost both.';
COMMENT ON TABLE latchkey._waiter IS 'The queues. Changed only by one who has the row of the lock, so tickets of one lock are in order of arrival.';
COMMENT ON COLUMN latchkey._waiter.at_most_ms IS 'The length of the timed lease that is waited for; NULL for a session lease.';
COMMENT ON COLUMN latchkey._waiter.request IS 'The random number of the waiting call; the notification of its grant carries it, so nobody can forge one.';
COMMENT ON COLUMN latchkey._waiter.ticket IS 'The place in the queue: lower is earlier.';
COMMENT ON COLUMN latchkey._waiter.token IS 'Set when the lock was handed over: the row then is a grant that its client has not confirmed yet.';
COMMENT ON FUNCTION latchkey._withdraw(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Ends a call wherever it stands: takes it out of the queue, or gives back what it was granted.';
COMMENT ON FUNCTION latchkey.acquire_lock(pg_catalog.uuid,pg_catalog.text,bigint,boolean) IS 'Takes a lock for the life of a session: granted (with its fencing token), held, queued (if p_wait), or no_session. p_request is a random number of the caller; the same one again is the same call.';
COMMENT ON FUNCTION latchkey.acquire_timed(pg_catalog.uuid,pg_catalog.text,bigint,boolean,bigint,bigint,pg_catalog.text) IS 'Takes a lock for a time of its own, which its client may not live to see: granted, held or queued. A session is needed only to wait. Keep p_request: it proves the ownership.';
COMMENT ON FUNCTION latchkey.audit_session(pg_catalog.uuid) IS 'All that a session holds; reads the whole table. For a client whose calls may have arrived after it gave up on them.';
COMMENT ON FUNCTION latchkey.close_session(pg_catalog.uuid,pg_catalog.text[]) IS 'Ends a session at once: gives back what it holds (p_names, or NULL: look for it), hands it over, and leaves every queue. false if there was no such session. Timed leases stay.';
COMMENT ON FUNCTION latchkey.confirm_timed(pg_catalog.text,bigint,bigint) IS 'After a timed lease was handed over by somebody whose commit did not wait for the disk: makes it durable with this one, and tells in retry_ms how long it still lasts.';
COMMENT ON FUNCTION latchkey.extend_timed(pg_catalog.text,bigint,bigint,bigint,bigint) IS 'Lets a timed lease that is still current last for so long from now: granted, or not_held.';
COMMENT ON FUNCTION latchkey.fence(pg_catalog.text,bigint) IS 'Raises LK001 unless this is the current token of a live lease; keeps the lock from being granted to anyone else until the calling transaction ends. In repeatable read and serializable, 40001 if the lock changed since the transaction began to read: call it first.';
COMMENT ON FUNCTION latchkey.grant_to(pg_catalog.name,boolean) IS 'Lets an application role use Latchkey (or only look at its views). Runs with the caller''s rights: the owner of the schema calls it, again after each upgrade.';
COMMENT ON VIEW latchkey.locks IS 'Who holds what, since when, until when (a session lease is prolonged with its session), and how many wait for it.';
COMMENT ON FUNCTION latchkey.open_session(pg_catalog.text,integer,pg_catalog.text,pg_catalog.uuid) IS 'Opens a session: renew it within its timeout, or everything that it holds ends. Keep its id secret.';
COMMENT ON FUNCTION latchkey.reap(integer) IS 'Ends expired sessions, hands their locks to the waiters, deletes long-idle rows; returns how much there was to do. Expiry itself never needs it: it makes expiry visible.';
COMMENT ON FUNCTION latchkey.release_lock(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Gives a lock back: released; handed_over to the first waiter; fenced or grace (given back, and the next one gets it when the fenced transaction or the grace period has ended: call settle_lock); or not_held.';
COMMENT ON FUNCTION latchkey.release_timed(pg_catalog.text,bigint,bigint) IS 'Gives a timed lease back; it stays taken until the time it was to last at least. Outcomes as of release_lock.';
COMMENT ON FUNCTION latchkey.renew_session(pg_catalog.uuid,bigint[],boolean) IS 'Lets the session live for its timeout from now. p_confirmed: requests whose grants arrived. p_look => false: renew and do nothing else.';
COMMENT ON TYPE latchkey.renewal IS 'The answer to a renewal: alive or no_session; the incarnation; after how many milliseconds a waiting client should call again (NULL: with its next renewal); grants not confirmed yet, as request:token;request:token with the request in hex.';
COMMENT ON TYPE latchkey.reply IS 'The answer to a call: its outcome; the fencing token of what was granted; the incarnation of the database (NULL where the session would not have been found in another one than its own); after how many milliseconds another look is worthwhile.';
COMMENT ON FUNCTION latchkey.resume_session(pg_catalog.uuid,pg_catalog.uuid,pg_catalog.text,integer,pg_catalog.text,pg_catalog.text[],bigint[],bigint[],bigint[]) IS 'During the grace period after a crash: opens a session in place of a lost one, and writes again all it holds (p_left_ms: NULL for session leases). resumed, with a truth value per lease, or too_late.';
COMMENT ON FUNCTION latchkey.run_batch(pg_catalog.uuid,pg_catalog.text[],pg_catalog.text[],bigint[]) IS 'Many calls of one session in one round trip: try, acquire (number: the request), release (the token), withdraw (the request). Replies, as text, stand in the order of the calls.';
COMMENT ON FUNCTION latchkey.schema_version() IS 'The version of this schema, and the oldest one whose clients still work on it.';
COMMENT ON VIEW latchkey.sessions IS 'The live clients, by their public names.';
COMMENT ON FUNCTION latchkey.settle_lock(pg_catalog.text) IS 'Hands a lock over if it is waited for and nobody holds it: settled or granted, or (look again) busy, fenced or grace.';
COMMENT ON FUNCTION latchkey.try_lock(pg_catalog.uuid,pg_catalog.text) IS 'Takes a lock if it is free, for people at a prompt: granted with its fencing token, or held.';
COMMENT ON VIEW latchkey.waiters IS 'Who waits for what, in the order in which they get it, and who has it now.';
COMMENT ON FUNCTION latchkey.wake(pg_catalog.text[]) IS 'Notifies the clients that these locks were handed over to. For a caller whose hand-over was flushed: call it afterwards, in a transaction of its own.';
COMMENT ON FUNCTION latchkey.withdraw_request(pg_catalog.uuid,pg_catalog.text,bigint) IS 'Stops waiting. If the lock was granted meanwhile it is given back.';

-- Migrations

-- migration 1, serves clients from 1: tables
-- migration 2, serves clients from 1: sessions
-- migration 3, serves clients from 1: locks
-- migration 4, serves clients from 1: fence and timed leases
-- migration 5, serves clients from 1: session life
-- migration 6, serves clients from 1: reaper and batches
-- migration 7, serves clients from 1: views and grants
