-- Latchkey: the clock, the grace period after a crash, and sessions.
--
-- Order of row locks, for every function: rows of _lock in the order of their names, then rows of _session. Nobody who has
-- a row of _lock waits for a row of _session: what cannot be had at once (SKIP LOCKED) counts as alive. A session's own
-- calls may wait for its row, but hold nothing while they do. So there is no cycle.

CREATE FUNCTION latchkey._ms_until(p_moment timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT greatest(0, ceil(date_part('epoch', p_moment - clock_timestamp()) * 1000))::bigint $$;
COMMENT ON FUNCTION latchkey._ms_until(timestamptz) IS 'Milliseconds from now, by the clock and not by the start of the transaction; 0 for the past.';

CREATE FUNCTION latchkey._after_ms(p_ms bigint) RETURNS timestamptz
LANGUAGE sql VOLATILE
AS $$ SELECT clock_timestamp() + p_ms * interval '1 millisecond' $$;
COMMENT ON FUNCTION latchkey._after_ms(bigint) IS 'The moment that is so many milliseconds from now.';

CREATE FUNCTION latchkey._next_token(p_last bigint) RETURNS bigint
LANGUAGE sql VOLATILE
AS $$ SELECT greatest(p_last + 1, (date_part('epoch', clock_timestamp()) * 1000000)::bigint) $$;
COMMENT ON FUNCTION latchkey._next_token(bigint) IS 'The fencing token after this one. By the clock, so that a failover that lost the last grants repeats none; at least one more, so that a clock that goes back does not either.';

CREATE FUNCTION latchkey._refuse(p_sqlstate text, p_message text, p_hint text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = p_sqlstate, MESSAGE = p_message, HINT = p_hint;
END $$;
COMMENT ON FUNCTION latchkey._refuse(text, text, text) IS 'Raises an error of class LK. LK001: lease lost; LK002: bad argument; LK003: session unknown.';

CREATE FUNCTION latchkey._check_name(p_name text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(octet_length(p_name), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', format('the name of a lock has 1 to 512 bytes, not %s', coalesce(octet_length(p_name), 0)), 'Choose another name.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_name(text) IS 'Refuses a name that no lock can have.';

CREATE FUNCTION latchkey._incarnation(OUT id bigint, OUT grace_left_ms bigint)
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._incarnation() IS 'The current incarnation and what is left of its grace period; starts one when the marker is missing.';

CREATE FUNCTION latchkey._check_timeout(p_timeout_ms integer) RETURNS void
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._check_timeout(integer) IS 'Refuses an impossible session timeout and makes the grace period cover a possible one.';

CREATE FUNCTION latchkey._check_holder(p_holder text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp  -- acquire_timed calls it with its caller's search_path
AS $$
BEGIN
    IF coalesce(octet_length(p_holder), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', 'a holder''s name has 1 to 512 bytes', 'It is what others see in latchkey.locks, such as host and process id.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_holder(text) IS 'Refuses a public name that no holder can have.';

CREATE FUNCTION latchkey._check_session(p_session uuid, p_holder text, p_channel text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    -- Before the row is written: the message of a violated constraint carries the whole row, with the session's id.
    IF p_session IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'a session needs an id', 'Leave it out, or choose a random one.');
    END IF;
    PERFORM latchkey._check_holder(p_holder);
    IF octet_length(p_channel) NOT BETWEEN 1 AND 63 THEN
        PERFORM latchkey._refuse('LK002', format('the name of a channel has 1 to 63 bytes, not %s', octet_length(p_channel)), 'Choose another one, or NULL to hear nothing.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_session(uuid, text, text) IS 'Refuses what no session can be.';

CREATE FUNCTION latchkey._check_request(p_request bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF p_request IS NULL THEN
        PERFORM latchkey._refuse('LK002', 'a call needs a request number', 'Choose a random number for each call.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_request(bigint) IS 'Refuses a call without its number.';

CREATE FUNCTION latchkey._refuse_request() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM latchkey._refuse('LK002', 'this request number belongs to another call of the session', 'Choose a random number for each call.');
END $$;
COMMENT ON FUNCTION latchkey._refuse_request() IS 'Refuses a number that is in use.';

CREATE FUNCTION latchkey._insert_session(p_session uuid, p_holder text, p_timeout_ms integer, p_channel text) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO latchkey._session (id, holder, channel, timeout_ms, opened_at, renewed_at, expires_at, granting_from)
    SELECT p_session, p_holder, p_channel, p_timeout_ms, clock_timestamp(), clock_timestamp(), latchkey._after_ms(p_timeout_ms), i.granting_from
      FROM latchkey._incarnation i
    ON CONFLICT (id) DO NOTHING  -- a repeated call whose first answer was lost
$$;
COMMENT ON FUNCTION latchkey._insert_session(uuid, text, integer, text) IS 'Writes the row of a new session.';

CREATE FUNCTION latchkey.open_session(p_holder text, p_timeout_ms integer DEFAULT 15000, p_channel text DEFAULT NULL,
                                      p_session uuid DEFAULT gen_random_uuid(),
                                      OUT session uuid, OUT incarnation bigint, OUT grace_left_ms bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    PERFORM latchkey._check_session(p_session, p_holder, p_channel);
    PERFORM latchkey._check_timeout(p_timeout_ms);
    SELECT i.id, i.grace_left_ms INTO incarnation, grace_left_ms FROM latchkey._incarnation() i;
    PERFORM latchkey._insert_session(p_session, p_holder, p_timeout_ms, p_channel);
    session := p_session;
END $$;
COMMENT ON FUNCTION latchkey.open_session(text, integer, text, uuid) IS 'Opens a session: renew it within its timeout, or everything that it holds ends. Keep its id secret.';

CREATE FUNCTION latchkey._remaining_ms(p_session uuid, p_expires_at timestamptz) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    IF p_session IS NOT NULL THEN
        RETURN coalesce((SELECT latchkey._ms_until(s.expires_at) FROM latchkey._session s WHERE s.id = p_session), 0);
    END IF;
    RETURN coalesce(latchkey._ms_until(p_expires_at), 0);
END $$;
COMMENT ON FUNCTION latchkey._remaining_ms(uuid, timestamptz) IS 'How long the holder of a lock has it for sure, by what can be read; 0: free, or its holder is gone. Writes nothing.';

CREATE FUNCTION latchkey._end_if_expired(p_session uuid) RETURNS bigint
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._end_if_expired(uuid) IS 'Ends a session whose time is up and returns 0, or returns the milliseconds after which to look again.';
