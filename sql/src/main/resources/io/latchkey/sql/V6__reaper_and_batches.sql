-- Latchkey: making expiry visible, waking after a flushed commit, and many calls in one round trip.

CREATE FUNCTION latchkey._reap_sessions(p_limit integer) RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_sessions(integer) IS 'Ends sessions whose time is up, so many at the most; what they held is free from then on. Looks at 1,000 pages, on from where the last call stopped.';

CREATE FUNCTION latchkey._reap_queues(p_limit integer) RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_queues(integer) IS 'Hands over locks that are waited for and that nobody holds, and removes waiters whose session is gone. Looks at up to 1,000 waiters, on from where the last call stopped.';

CREATE FUNCTION latchkey._reap_first_shares(p_names text[]) RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_first_shares(text[]) IS 'What _reap_shares does, for those that have their place in the rows of these locks.';

CREATE FUNCTION latchkey._reap_idle_locks() RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_idle_locks() IS 'Deletes lock rows that nobody took for long, remembers the highest token among them, and forgets first shares whose session is gone. Looks at 500 rows, on from where the last call stopped.';

CREATE FUNCTION latchkey._reap_in_turn(p_pause interval, p_limit integer, p_cron_every interval DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_in_turn(interval, integer, interval) IS 'Reaps unless somebody did a moment ago or is doing it. Waits for nobody. p_cron_every: it is pg_cron that calls, so often.';

CREATE FUNCTION latchkey.reap(p_limit integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._reap_in_turn('0', p_limit);
END $$;
COMMENT ON FUNCTION latchkey.reap(integer) IS 'Ends expired sessions, hands their locks to the waiters, deletes long-idle rows; returns how much there was to do. Expiry itself never needs it: it makes expiry visible.';

CREATE FUNCTION latchkey.wake(p_names text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
    SELECT pg_notify(s.channel, to_hex(w.request) || ' ' || w.token || ' ' || i.id)
      FROM latchkey._waiter w
      JOIN latchkey._lock l ON l.name = w.name
                           AND (l.token = w.token OR w.token = 0 OR EXISTS (SELECT FROM latchkey._share h WHERE h.name = w.name AND h.token = w.token))
      JOIN latchkey._session s ON s.id = w.session AND s.channel IS NOT NULL,
           latchkey._incarnation i
     WHERE w.name = ANY (p_names)
$$;
COMMENT ON FUNCTION latchkey.wake(text[]) IS 'Notifies the clients that these locks were handed over to. For a caller whose hand-over was flushed: call it afterwards, in a transaction of its own.';

CREATE FUNCTION latchkey.run_batch(p_session uuid, p_calls text[], p_names text[], p_numbers bigint[]) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER  -- without a SET clause, like acquire_lock: every name and operator has its schema
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.run_batch(uuid, text[], text[], bigint[]) IS 'Many calls of one session in one round trip: try, acquire (number: the request), release (the token), withdraw (the request), and those for shares: read, try_read (the request), "permits 2/10", "try_permits 2/10" (2 of a semaphore of 10; the request), give_back (the token), "downgrade 4711" and "upgrade 4711" (the request; the token). The calls come in the order of the bytes of their names; replies, as text, stand in the order of the calls.';

-- The rows are locked in the order of the index, that of the bytes of the names, as run_batch locks them: so two batches never wait for
-- each other in a circle. The settings leave the planner no other plan, and keep it from making a new one for each length of the arrays.
CREATE FUNCTION latchkey.run_uncontended(p_session uuid, p_names text[], p_requests bigint[], p_tokens bigint[]) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
SET enable_indexscan = on SET enable_bitmapscan = off SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.run_uncontended(uuid, text[], bigint[], bigint[]) IS 'Takes and gives back many locks in one statement, where nobody else wants them, for half of what run_batch costs. p_requests: the random number of who wants to take it; p_tokens: the token of who gives it back; NULL in the other one. Returns the tokens. NULL: it is not as simple as that, or the name came twice; nothing was done, ask run_batch.';
