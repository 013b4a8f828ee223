-- Latchkey: taking a lock, waiting for it, giving it back. The one that gives it back hands it to the first in the queue.
--
-- Three kinds of row lock on a row of _lock say three things:
--   FOR NO KEY UPDATE   one call is changing the state of this lock; others wait for microseconds
--   FOR KEY SHARE       a fenced transaction of a user is open (latchkey.fence); lasts as long as the user likes, and
--                       hinders no change of state (PostgreSQL lets NO KEY UPDATE and KEY SHARE coexist)
--   FOR UPDATE          asked for before every grant, and only with SKIP LOCKED: not to be had while a fence is open

CREATE TYPE latchkey.reply AS (outcome text, token bigint, incarnation bigint, retry_ms bigint, permits integer);
COMMENT ON TYPE latchkey.reply IS 'The answer to a call: its outcome; the fencing token of what was granted; the incarnation of the database (NULL where the session would not have been found in another one than its own); after how many milliseconds another look is worthwhile, or 0 where a call that did not queue handed the lock over to others on its way; how many permits the semaphore has, if that is another number than the caller believes.';

CREATE FUNCTION latchkey._notify(p_channel text, p_request bigint, p_token bigint, p_incarnation bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    -- NOTIFY makes the commits of the whole cluster queue up until they are flushed. So it goes only with a commit that is not;
    -- after one that is, the caller asks for it in a transaction of its own: latchkey.wake(names).
    IF p_channel IS NOT NULL AND current_setting('synchronous_commit') = 'off'
       AND coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
        PERFORM pg_notify(p_channel, to_hex(p_request) || ' ' || p_token || ' ' || p_incarnation);
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._notify(text, bigint, bigint, bigint) IS 'Wakes the client that was granted a lock. The request''s random number proves that the notification is genuine.';

CREATE FUNCTION latchkey._grant(p_name text, p_session uuid, p_request bigint, p_holder text, p_at_most_ms bigint, p_at_least_ms bigint, p_ticket bigint, p_waiting boolean)
RETURNS bigint
LANGUAGE plpgsql  -- as everywhere where there is a table: a function in SQL that cannot be inlined is planned at each call
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._grant(text, uuid, bigint, text, bigint, bigint, bigint, boolean) IS 'Writes a new holder into a row that the caller has locked FOR UPDATE.';

CREATE FUNCTION latchkey._clear(p_name text, p_queued boolean) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE latchkey._lock l
       SET session = NULL, request = NULL, expires_at = NULL, lease_ms = NULL, at_least = NULL, holder = NULL, waiting = p_queued, queued = p_queued
     WHERE l.name OPERATOR(pg_catalog.=) p_name;  -- acquire_lock calls it with its caller's search_path
END $$;
COMMENT ON FUNCTION latchkey._clear(text, boolean) IS 'Writes "free" into the row of an exclusive lock that the caller has locked; the token stays.';

CREATE FUNCTION latchkey._hand_over(p_lock latchkey._lock, p_unfenced boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._hand_over(latchkey._lock, boolean) IS 'Grants a lock that nobody holds alone to the live waiters at the head of the queue, as many as can have it together, and tells them. The caller has the row; p_unfenced: even FOR UPDATE. granted; free (nobody waits); held (the first has to wait on, for others that share it); or fenced or grace (not now).';

CREATE FUNCTION latchkey._holder_left_ms(p_lock latchkey._lock) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    IF p_lock.session IS NOT NULL THEN
        RETURN latchkey._end_if_expired(p_lock.session);
    ELSIF p_lock.expires_at > latchkey._after_ms(p_lock.lease_ms) THEN  -- the clock went back
        UPDATE latchkey._lock l SET expires_at = latchkey._after_ms(l.lease_ms) WHERE l.name = p_lock.name;
        RETURN p_lock.lease_ms;
    END IF;
    RETURN latchkey._remaining_ms(NULL, p_lock.expires_at);
END $$;
COMMENT ON FUNCTION latchkey._holder_left_ms(latchkey._lock) IS 'How long the holder still has the lock; 0: nobody holds it, and nobody can come back. The caller has the row.';

CREATE FUNCTION latchkey._acquire(p_session uuid, p_name text, p_request bigint, p_wait boolean, p_at_most_ms bigint, p_at_least_ms bigint, p_holder text,
                                  p_weight integer DEFAULT NULL, p_permits integer DEFAULT NULL)
RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._acquire(uuid, text, bigint, boolean, bigint, bigint, text, integer, integer) IS 'The whole of taking a lock, whatever its state. p_weight: of a share, NULL for the exclusive lock; p_permits: of a semaphore, NULL for a lock.';

CREATE FUNCTION latchkey._insert_lock(p_name text, p_permits integer, p_set boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._insert_lock(text, integer, boolean) IS 'Writes the row of a lock or semaphore of which nobody has heard, unless somebody else was faster.';

CREATE FUNCTION latchkey._enqueue(p_lock latchkey._lock, p_session uuid, p_request bigint, p_at_most_ms bigint, p_at_least_ms bigint, p_weight integer) RETURNS void
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._enqueue(latchkey._lock, uuid, bigint, bigint, bigint, integer) IS 'Adds a call to the end of the queue, once. The caller has the row of the lock, and saw under it that the lock is taken.';

-- The short cuts. acquire_lock, release_lock and run_batch have no SET clause, which costs a tenth of a round trip: every name,
-- operator and type in them has its schema instead, so that a caller's search_path, and what lies in pg_temp, decide nothing.
-- And they return a reply as text, which is a twentieth cheaper than a row; (...)::latchkey.reply makes one of it.

CREATE FUNCTION latchkey.acquire_lock(p_session uuid, p_name text, p_request bigint, p_wait boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.acquire_lock(uuid, text, bigint, boolean) IS 'Takes a lock for the life of a session: granted (with its fencing token), held, queued (if p_wait), or no_session. p_request is a random number of the caller; the same one again is the same call.';

CREATE FUNCTION latchkey.try_lock(p_session uuid, p_name text) RETURNS latchkey.reply
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$ SELECT latchkey.acquire_lock(p_session, p_name, trunc(random() * 9007199254740992)::bigint, false)::latchkey.reply $$;
COMMENT ON FUNCTION latchkey.try_lock(uuid, text) IS 'Takes a lock if it is free, for people at a prompt: granted with its fencing token, or held.';

CREATE FUNCTION latchkey._release(p_session uuid, p_name text, p_token bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._release(uuid, text, bigint) IS 'The whole of giving back a session lease, whoever waits.';

CREATE FUNCTION latchkey.release_lock(p_session uuid, p_name text, p_token bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.release_lock(uuid, text, bigint) IS 'Gives a lock back: released; handed_over to the first waiter; fenced or grace (given back, and the next one gets it when the fenced transaction or the grace period has ended: call settle_lock); or not_held.';

CREATE FUNCTION latchkey.release_wanted(p_session uuid, p_name text, p_token bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._release(p_session, p_name, p_token)::text;
END $$;
COMMENT ON FUNCTION latchkey.release_wanted(uuid, text, bigint) IS 'What release_lock does, for a lock that others wait for: it does not try the short cut first. Right for any lock, and slower for one that nobody wants.';

CREATE FUNCTION latchkey._settle(p_name text) RETURNS text
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._settle(text) IS 'Hands a lock over if it is waited for and can be had, and forgets shares that are over. Never waits for a row.';

CREATE FUNCTION latchkey.settle_lock(p_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._settle(p_name);
END $$;
COMMENT ON FUNCTION latchkey.settle_lock(text) IS 'Hands a lock over if it is waited for and can be had: settled, granted or held (by others that share it), or (look again) busy, fenced or grace.';

CREATE FUNCTION latchkey._withdraw(p_session uuid, p_name text, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._withdraw(uuid, text, bigint) IS 'Ends a call wherever it stands: takes it out of the queue, or gives back what it was granted.';

CREATE FUNCTION latchkey.withdraw_request(p_session uuid, p_name text, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN latchkey._withdraw(p_session, p_name, p_request);
END $$;
COMMENT ON FUNCTION latchkey.withdraw_request(uuid, text, bigint) IS 'Stops waiting. If the lock was granted meanwhile it is given back.';
