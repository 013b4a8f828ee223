-- Latchkey: what a session's client calls while it lives: renew, resume after a crash of the server, close.

CREATE TYPE latchkey.renewal AS (outcome text, incarnation bigint, look_ms bigint, grants text);
COMMENT ON TYPE latchkey.renewal IS 'The answer to a renewal: alive or no_session; the incarnation; after how many milliseconds a waiting client should call again (NULL: with its next renewal); grants not confirmed yet, as request:token;request:token with the request in hex.';

CREATE FUNCTION latchkey._look_after_waits(p_session uuid, OUT look_ms bigint, OUT grants text)
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._look_after_waits(uuid) IS 'The backstop for lost notifications and dead holders: hands over what this session waits for and nobody holds, and returns the grants it has not confirmed.';

CREATE FUNCTION latchkey.renew_session(p_session uuid, p_confirmed bigint[] DEFAULT '{}', p_look boolean DEFAULT true, p_reap boolean DEFAULT true)
RETURNS latchkey.renewal
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.renew_session(uuid, bigint[], boolean, boolean) IS 'Lets the session live for its timeout from now. p_confirmed: requests whose grants arrived. p_look => false: renew and do nothing else. p_reap => false: leave the reaping to others.';

CREATE FUNCTION latchkey._resume_lease(p_name text, p_token bigint, p_request bigint, p_old uuid, p_new uuid, p_holder text, p_left_ms bigint) RETURNS boolean
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._resume_lease(text, bigint, bigint, uuid, uuid, text, bigint) IS 'Writes a lease again that the crash may have lost; false if it is not the holder''s any more.';

CREATE FUNCTION latchkey._has_lease(p_name text, p_token bigint, p_request bigint, p_session uuid) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM latchkey._lock l
                    WHERE l.name = p_name AND l.token = p_token AND l.request = p_request AND coalesce(l.session = p_session, l.expires_at > clock_timestamp()))
        OR EXISTS (SELECT FROM latchkey._shares h
                    WHERE h.name = p_name AND h.token = p_token AND h.request = p_request AND h.session = p_session AND NOT h.given_back);
END $$;
COMMENT ON FUNCTION latchkey._has_lease(text, bigint, bigint, uuid) IS 'Whether a lease, of this session or a timed one, is there.';

CREATE FUNCTION latchkey.resume_session(p_old uuid, p_session uuid, p_holder text, p_timeout_ms integer, p_channel text,
                                        p_names text[], p_tokens bigint[], p_requests bigint[], p_left_ms bigint[],
                                        p_weights integer[] DEFAULT NULL, p_permits integer[] DEFAULT NULL,
                                        OUT outcome text, OUT incarnation bigint, OUT kept boolean[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp SET lock_timeout = '5s'
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.resume_session(uuid, uuid, text, integer, text, text[], bigint[], bigint[], bigint[], integer[], integer[]) IS 'During the grace period after a crash: opens a session in place of a lost one, and writes again all it holds (p_left_ms: NULL for session leases; p_weights: NULL for exclusive ones; p_permits: those of the semaphore). resumed, with a truth value per lease, or too_late.';

CREATE FUNCTION latchkey.close_session(p_session uuid, p_names text[] DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp SET lock_timeout = '5s'
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.close_session(uuid, text[]) IS 'Ends a session at once: gives back what it holds (p_names, or NULL: look for it), hands it over, and leaves every queue. false if there was no such session. Timed leases stay.';

CREATE FUNCTION latchkey.audit_session(p_session uuid) RETURNS TABLE (name text, token bigint, request bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
    SELECT l.name, l.token, l.request FROM latchkey._lock l WHERE l.session = p_session
     UNION ALL
    SELECT s.name, s.token, s.request FROM latchkey._shares s WHERE s.session = p_session AND NOT s.given_back
$$;
COMMENT ON FUNCTION latchkey.audit_session(uuid) IS 'All that a session holds; reads the whole table. For a client whose calls may have arrived after it gave up on them.';
