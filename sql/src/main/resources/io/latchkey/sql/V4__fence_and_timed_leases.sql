-- Latchkey: fencing inside the user's own transaction, and timed leases, which outlive their client.

CREATE FUNCTION latchkey._refuse_token(p_token bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM latchkey._refuse('LK001', format('the lease with fencing token %s is not current any more', p_token),
                             'It was released or it expired, or the database recovers from a crash and its holder has not resumed yet. Roll back.');
END $$;
COMMENT ON FUNCTION latchkey._refuse_token(bigint) IS 'Refuses a fence.';

CREATE FUNCTION latchkey.fence(p_name text, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp SET lock_timeout = '5s'
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.fence(text, bigint) IS 'Raises LK001 unless this is the current token of a live lease; keeps the lock from being granted to anyone else until the calling transaction ends (a reader''s: to a writer; permits: keeps them from everybody). In repeatable read and serializable, 40001 if the lock changed since the transaction began to read: call it first.';

CREATE FUNCTION latchkey._check_lease(p_at_most_ms bigint, p_at_least_ms bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    IF p_at_most_ms IS NULL OR p_at_most_ms NOT BETWEEN 1 AND 31536000000 THEN
        PERFORM latchkey._refuse('LK002', format('a lease of %s ms is not possible', coalesce(p_at_most_ms::text, 'NULL')), 'Choose 1 ms to 365 days.');
    ELSIF p_at_least_ms IS NULL OR p_at_least_ms NOT BETWEEN 0 AND p_at_most_ms THEN
        PERFORM latchkey._refuse('LK002', format('a lease cannot last at least %s ms', coalesce(p_at_least_ms::text, 'NULL')), 'Choose 0 to the length of the lease.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_lease(bigint, bigint) IS 'Refuses an impossible length of a timed lease.';

-- Short cuts again, without a SET clause: every name and operator has its schema (see V3).
CREATE FUNCTION latchkey.acquire_timed(p_session uuid, p_name text, p_request bigint, p_wait boolean,
                                       p_at_most_ms bigint, p_at_least_ms bigint, p_holder text) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.acquire_timed(uuid, text, bigint, boolean, bigint, bigint, text) IS 'Takes a lock for a time of its own, which its client may not live to see: granted, held or queued. A session is needed only to wait. Keep p_request: it proves the ownership.';

CREATE FUNCTION latchkey.confirm_timed(p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.confirm_timed(text, bigint, bigint) IS 'After a timed lease was handed over by somebody whose commit did not wait for the disk: makes it durable with this one, and tells in retry_ms how long it still lasts.';

CREATE FUNCTION latchkey.extend_timed(p_name text, p_token bigint, p_request bigint, p_at_most_ms bigint, p_at_least_ms bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.extend_timed(text, bigint, bigint, bigint, bigint) IS 'Lets a timed lease that is still current last for so long from now: granted, or not_held.';

CREATE FUNCTION latchkey._release_timed(p_name text, p_token bigint, p_request bigint, p_keep_at_least boolean) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._release_timed(text, bigint, bigint, boolean) IS 'The whole of giving back a timed lease.';

CREATE FUNCTION latchkey.release_timed(p_name text, p_token bigint, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.release_timed(text, bigint, bigint) IS 'Gives a timed lease back; it stays taken until the time it was to last at least. Outcomes as of release_lock.';
