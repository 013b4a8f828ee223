-- Latchkey: leases that several have at once: readers of a lock, permits of a semaphore.
--
-- A name is one thing. Readers share the lock whose exclusive side is acquire_lock, and a semaphore is a lock that nobody ever
-- has alone. One queue serves all of them in the order of arrival: the hand-over grants as many from its head as fit together,
-- and nobody passes one that does not fit yet. A share is a row of _share, and its row lock is its fence:
--   FOR KEY SHARE   a fenced transaction of its holder is open; being given back needs NO KEY UPDATE only, and goes on
--   FOR UPDATE      asked for before a share is forgotten, and only with SKIP LOCKED: not to be had while a fence is open
-- So a share that was given back, or whose session ended, counts for as long as a transaction under its fence is open.
--
-- One share has its place in the row of the lock (first_...), because one is what there is most often, and it costs what the exclusive
-- lock costs. The row lock of the lock's row is its fence. Whoever is granted that place has made sure that no fence is on the row; nobody
-- can have the lock alone while it is taken; so as long as it is taken all fences on the row are its own, and keep no other share out.

CREATE FUNCTION latchkey._fits(p_weight integer, p_taken integer, p_permits integer) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN p_weight IS NULL THEN p_taken = 0 WHEN p_permits IS NULL THEN true ELSE p_weight <= p_permits - p_taken END $$;
COMMENT ON FUNCTION latchkey._fits(integer, integer, integer) IS 'Whether a share of this weight (NULL: the exclusive lock) goes with what is taken; p_permits: NULL for a lock.';

CREATE FUNCTION latchkey._shares_left_ms(p_name text) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    RETURN (SELECT coalesce(min(CASE WHEN h.given_back THEN 0 ELSE coalesce(latchkey._ms_until(s.expires_at), 0) END), 0)
              FROM latchkey._lock l
              JOIN latchkey._shares h ON h.name = l.name AND h.token > l.shared_above
              LEFT JOIN latchkey._session s ON s.id = h.session
             WHERE l.name = p_name);
END $$;
COMMENT ON FUNCTION latchkey._shares_left_ms(text) IS 'After how long the first of the shares may end, by what can be read; 0: a closer look is worthwhile.';

CREATE FUNCTION latchkey._seems_held_ms(p_lock latchkey._lock, p_weight integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    v_left bigint := latchkey._remaining_ms(p_lock.session, p_lock.expires_at);
BEGIN
    IF v_left = 0 AND p_lock.taken > 0 AND (p_lock.queued OR NOT latchkey._fits(p_weight, p_lock.taken, p_lock.permits)) THEN
        RETURN latchkey._shares_left_ms(p_lock.name);
    END IF;
    RETURN v_left;
END $$;
COMMENT ON FUNCTION latchkey._seems_held_ms(latchkey._lock, integer) IS 'How long a lock cannot be had for sure, by what can be read; 0: perhaps it can. Writes nothing.';

CREATE FUNCTION latchkey._count_shares(p_name text, p_above bigint, OUT taken integer, OUT left_ms bigint, OUT fenced boolean)
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._count_shares(text, bigint) IS 'Forgets the shares that are over and counts those that are not; after how long to look again; and whether some of them are over but for a fence. The caller has the row of the lock.';

CREATE FUNCTION latchkey._void_shares(p_name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE latchkey._share h SET given_back = true WHERE h.name = p_name AND NOT h.given_back;
    DELETE FROM latchkey._share h WHERE h.ctid = ANY (ARRAY(SELECT e.ctid FROM latchkey._share e WHERE e.name = p_name FOR UPDATE SKIP LOCKED));
    UPDATE latchkey._lock l SET first_session = NULL, first_given_back = false WHERE l.name = p_name AND l.first_session IS NOT NULL;
END $$;
COMMENT ON FUNCTION latchkey._void_shares(text) IS 'Ends all shares of a lock whose exclusive holder has a higher token and resumes it after a crash.';

CREATE FUNCTION latchkey._grant_share(p_lock latchkey._lock, p_session uuid, p_request bigint, p_weight integer, p_first boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._grant_share(latchkey._lock, uuid, bigint, integer, boolean) IS 'Writes a new share. The caller has the row of the lock, and p_lock.taken is what is taken without it. p_first: in that row, which the caller has FOR UPDATE.';

CREATE FUNCTION latchkey._check_permits(p_has integer, p_weight integer, p_permits integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF p_has IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'this is the name of a lock, so it cannot be that of a semaphore', 'Choose another name for one of them.');
    ELSIF p_permits IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'this is the name of a semaphore, so it cannot be that of a lock', 'Choose another name for one of them.');
    ELSIF p_weight IS NULL OR p_weight NOT BETWEEN 1 AND p_has THEN
        PERFORM latchkey._refuse('LK002', format('%s permits were asked for, and the semaphore has %s', coalesce(p_weight::text, 'NULL'), p_has),
                                 'Ask for 1 or more and no more than it has; latchkey.set_permits changes that.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_permits(integer, integer, integer) IS 'Refuses what a lock or a semaphore cannot give.';

-- The short cuts of shares, without a SET clause as those of the exclusive lock: every name, operator and type has its schema.

CREATE FUNCTION latchkey._join_shares(p_session uuid, p_name text, p_request bigint, p_weight integer, p_permits integer) RETURNS text
LANGUAGE plpgsql  -- acquire_shared calls it with its caller's search_path
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._join_shares(uuid, text, bigint, integer, integer) IS 'The short cut to one more share; NULL: it is not as simple as that, and nothing has changed.';

CREATE FUNCTION latchkey.acquire_shared(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_weight integer DEFAULT 1, p_permits integer DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.acquire_shared(uuid, text, bigint, boolean, integer, integer) IS 'Takes a share for the life of a session: granted (with its fencing token), held, queued (if p_wait), or no_session. p_permits NULL: as a reader of a lock; otherwise p_weight permits of a semaphore, which has p_permits if it is new. p_request is a random number of the caller; the same one again is the same call.';

CREATE FUNCTION latchkey._release_share(p_session uuid, p_name text, p_token bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._release_share(uuid, text, bigint) IS 'The whole of giving back a share, whoever waits.';

CREATE FUNCTION latchkey.release_shared(p_session uuid, p_name text, p_token bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.release_shared(uuid, text, bigint) IS 'Gives a share back: released; handed_over to those who waited; fenced or grace (given back, and it takes effect when the fenced transaction or the grace period has ended: call settle_lock); or not_held.';

CREATE FUNCTION latchkey._fence_share(p_name text, p_token bigint) RETURNS void
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._fence_share(text, bigint) IS 'What fence does for a share.';

CREATE FUNCTION latchkey._downgrade(p_session uuid, p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._downgrade(uuid, text, bigint, bigint) IS 'Makes an exclusive session lease a share without letting go of it: granted with a new token (retry_ms: call settle_lock after that), or not_held.';

CREATE FUNCTION latchkey._upgrade(p_session uuid, p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._upgrade(uuid, text, bigint, bigint) IS 'Makes a share the exclusive lease, if it is the only one: granted with a new token, held (by other readers, or in the grace period: never waits), or not_held. Passes a writer that waits, which could not have it now.';

CREATE FUNCTION latchkey._run_shared(p_session uuid, p_call text, p_name text, p_number bigint) RETURNS text
LANGUAGE plpgsql  -- as the short cuts: run_batch calls it with its caller's search_path
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._run_shared(uuid, text, text, bigint) IS 'The calls of a batch that are about shares.';

CREATE FUNCTION latchkey.downgrade_lock(p_session uuid, p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._downgrade(p_session, p_name, p_token, p_request);
END $$;
COMMENT ON FUNCTION latchkey.downgrade_lock(uuid, text, bigint, bigint) IS 'Makes an exclusive session lease that of a reader, without a moment in between, and lets in the readers that are next: granted with a new token, or not_held. p_request: a random number of the caller.';

CREATE FUNCTION latchkey.upgrade_lock(p_session uuid, p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._upgrade(p_session, p_name, p_token, p_request);
END $$;
COMMENT ON FUNCTION latchkey.upgrade_lock(uuid, text, bigint, bigint) IS 'Makes the lease of a lock''s only reader the exclusive one: granted with a new token, held (there are other readers: it stays a reader''s, nothing waits), or not_held. p_request: a random number of the caller.';

CREATE FUNCTION latchkey.set_permits(p_name text, p_permits integer) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.set_permits(text, integer) IS 'Changes how many permits a semaphore has, for good: set, or handed_over (some who waited have theirs now; call wake in a transaction of its own). Nobody loses permits: fewer take effect as they are given back, and who waits for more than there are is refused.';

CREATE FUNCTION latchkey.audit_permits(p_name text, OUT permits integer, OUT in_use integer, OUT waiting integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    SELECT s.permits, s.in_use, s.waiting INTO permits, in_use, waiting FROM latchkey.semaphores s WHERE s.name = p_name;
END $$;
COMMENT ON FUNCTION latchkey.audit_permits(text) IS 'How many permits a semaphore has (NULL: nobody has used it yet), how many are in use, and how many callers wait.';

CREATE FUNCTION latchkey._resume_share(p_name text, p_token bigint, p_request bigint, p_old uuid, p_new uuid, p_weight integer, p_permits integer) RETURNS boolean
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._resume_share(text, bigint, bigint, uuid, uuid, integer, integer) IS 'Writes a share again that the crash has taken; false if it is not the holder''s any more.';

CREATE FUNCTION latchkey._reap_shares(p_limit integer) RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_shares(integer) IS 'Forgets shares whose session is gone, and hands over what that makes free. Looks at up to 1,000 of them, on from where the last call stopped.';

REVOKE ALL ON ALL TABLES    IN SCHEMA latchkey FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA latchkey FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES  IN SCHEMA latchkey FROM PUBLIC;

INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES (9, 1, 'shared leases');
