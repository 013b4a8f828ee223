-- Latchkey: elections, and being told of what is no grant.
--
-- An election is the lock of its name: who stands in the queue is a candidate, who holds the lock leads, the fencing token is the term.
-- What is written here besides is how a candidate is called and what it says of itself. It decides nothing: a row of _candidate
-- counts only while its call stands in the queue or holds the lock. So the functions of the locks need not know of it.
--
-- Rows of _candidate and _watch come last in the order of row locks: who has one waits for nothing.

CREATE UNLOGGED TABLE latchkey._candidate (
    session   uuid        NOT NULL,
    request   bigint      NOT NULL,
    name      text        COLLATE "C" NOT NULL,
    id        text        NOT NULL CONSTRAINT _candidate_id_length CHECK (pg_catalog.octet_length(id) BETWEEN 1 AND 512),
    metadata  text        NOT NULL CONSTRAINT _candidate_metadata_length CHECK (pg_catalog.octet_length(metadata) <= 8192),
    joined_at timestamptz NOT NULL,
    CONSTRAINT _candidate_pk PRIMARY KEY (session, request)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
CREATE INDEX _candidate_name ON latchkey._candidate (name);
COMMENT ON TABLE  latchkey._candidate         IS 'What candidates of elections say of themselves. Whether they are candidates stands in _waiter and _lock.';
COMMENT ON COLUMN latchkey._candidate.request IS 'The random number of the call that waits in the queue of the election, or holds its lock.';
COMMENT ON COLUMN latchkey._candidate.id      IS 'The public name of the candidate.';

CREATE UNLOGGED TABLE latchkey._watch (
    session  uuid        NOT NULL,
    request  bigint      NOT NULL,
    name     text        COLLATE "C" NOT NULL,
    token    bigint,
    asked_at timestamptz,
    CONSTRAINT _watch_pk PRIMARY KEY (session, request)
) WITH (fillfactor = 70, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05, vacuum_truncate = off);
CREATE INDEX _watch_name ON latchkey._watch (name);
COMMENT ON TABLE  latchkey._watch          IS 'What clients want to hear of besides grants: who leads an election, or that somebody asks for a lock that they hold.';
COMMENT ON COLUMN latchkey._watch.request  IS 'A random number of the client; the notification carries it, so nobody can forge one.';
COMMENT ON COLUMN latchkey._watch.token    IS 'The lease whose holder can be asked to give it up; NULL: the leader of an election is observed.';
COMMENT ON COLUMN latchkey._watch.asked_at IS 'When somebody asked for it.';

CREATE FUNCTION latchkey._check_candidate(p_id text, p_metadata text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(octet_length(p_id), 0) NOT BETWEEN 1 AND 512 THEN
        PERFORM latchkey._refuse('LK002', format('the id of a candidate has 1 to 512 bytes, not %s', coalesce(octet_length(p_id), 0)), 'It is what others see in latchkey.leaders.');
    ELSIF coalesce(octet_length(p_metadata), 8193) > 8192 THEN
        PERFORM latchkey._refuse('LK002', format('the metadata of a candidate have up to 8192 bytes, not %s', coalesce(octet_length(p_metadata)::text, 'NULL')), 'Keep what is longer elsewhere, and a reference to it here.');
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._check_candidate(text, text) IS 'Refuses an id or metadata that no candidate can have.';

CREATE FUNCTION latchkey._describe(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO latchkey._candidate (session, request, name, id, metadata, joined_at)
    VALUES (p_session, p_request, p_name, p_id, p_metadata, clock_timestamp())
    ON CONFLICT (session, request) DO UPDATE SET id = excluded.id, metadata = excluded.metadata;
END $$;
COMMENT ON FUNCTION latchkey._describe(uuid, text, bigint, text, text) IS 'Writes what a candidate says of itself, or writes it anew.';

CREATE FUNCTION latchkey.join_election(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text DEFAULT '') RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
DECLARE
    v_reply latchkey.reply;
BEGIN
    PERFORM latchkey._check_candidate(p_id, p_metadata);
    v_reply := latchkey.acquire_lock(p_session, p_name, p_request, true)::latchkey.reply;
    IF v_reply.outcome <> 'no_session' THEN
        PERFORM latchkey._describe(p_session, p_name, p_request, p_id, p_metadata);
    END IF;
    RETURN v_reply;
END $$;
COMMENT ON FUNCTION latchkey.join_election(uuid, text, bigint, text, text) IS 'Makes a session a candidate: granted (it leads; the token is its term), queued, or no_session. As acquire_lock with p_wait, for a candidate with a public id and metadata of up to 8192 bytes.';

CREATE FUNCTION latchkey.describe_candidate(p_session uuid, p_name text, p_request bigint, p_id text, p_metadata text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    PERFORM latchkey._check_candidate(p_id, p_metadata);
    IF EXISTS (SELECT FROM latchkey._lock l WHERE l.name = p_name AND l.session = p_session AND l.request = p_request)
       OR EXISTS (SELECT FROM latchkey._waiter w WHERE w.session = p_session AND w.request = p_request AND w.name = p_name) THEN
        PERFORM latchkey._describe(p_session, p_name, p_request, p_id, p_metadata);
        RETURN true;
    END IF;
    RETURN false;
END $$;
COMMENT ON FUNCTION latchkey.describe_candidate(uuid, text, bigint, text, text) IS 'Changes what a candidate says of itself, or says it again after a crash; false if it is none.';

CREATE FUNCTION latchkey.leave_election(p_session uuid, p_name text, p_request bigint) RETURNS latchkey.reply
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
DECLARE
    v_reply latchkey.reply;
BEGIN
    v_reply := latchkey._withdraw(p_session, p_name, p_request);
    DELETE FROM latchkey._candidate c WHERE c.session = p_session AND c.request = p_request;
    RETURN v_reply;
END $$;
COMMENT ON FUNCTION latchkey.leave_election(uuid, text, bigint) IS 'Makes a session a candidate no more. If it led, the next one does, from this statement on: outcomes as of release_lock; withdrawn if it did not lead.';

CREATE VIEW latchkey.leaders AS
SELECT l.name       AS election,
       c.id         AS leader,
       s.holder,
       l.token      AS term,
       l.granted_at AS since,
       c.metadata,
       (SELECT pg_catalog.count(*) FROM latchkey._waiter w WHERE w.name = l.name AND w.token IS NULL) AS waiting
  FROM latchkey._lock l
  JOIN latchkey._session s ON s.id = l.session AND s.expires_at > pg_catalog.clock_timestamp()
  JOIN latchkey._candidate c ON c.session = l.session AND c.request = l.request;
COMMENT ON VIEW latchkey.leaders IS 'Who leads which election, since when, in which term, what it says of itself, and how many wait.';

CREATE VIEW latchkey.participants AS
SELECT c.name AS election,
       pg_catalog.row_number() OVER (PARTITION BY c.name ORDER BY w.ticket NULLS FIRST) AS place,
       c.id   AS participant,
       s.holder,
       CASE WHEN w.ticket IS NULL THEN l.token END AS term,
       c.joined_at,
       c.metadata
  FROM latchkey._candidate c
  JOIN latchkey._session s ON s.id = c.session AND s.expires_at > pg_catalog.clock_timestamp()
  LEFT JOIN latchkey._waiter w ON w.session = c.session AND w.request = c.request AND w.token IS NULL
  LEFT JOIN latchkey._lock l ON l.name = c.name AND l.session = c.session AND l.request = c.request
 WHERE w.ticket IS NOT NULL OR l.token IS NOT NULL;
COMMENT ON VIEW latchkey.participants IS 'The candidates of each election in the order in which they lead: first the leader, which is the one with a term.';

CREATE FUNCTION latchkey._notify_watchers(p_name text, p_token bigint) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('synchronous_commit') = 'off' AND coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
        PERFORM pg_notify(s.channel, to_hex(w.request) || ' look')
           FROM latchkey._watch w JOIN latchkey._session s ON s.id = w.session AND s.channel IS NOT NULL
          WHERE w.name = p_name AND w.token IS NOT DISTINCT FROM p_token;
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._notify_watchers(text, bigint) IS 'Tells those who watch a lease, or (NULL) the leader of an election, to look. Only with a commit that is not flushed, like every notification.';

CREATE FUNCTION latchkey.announce_leader(p_name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    PERFORM latchkey._notify_watchers(p_name, NULL);
END $$;
COMMENT ON FUNCTION latchkey.announce_leader(text) IS 'Lets the observers of an election look who leads. Called by who was elected or left, in a transaction of its own: so elections nobody observes cost nothing where locks are handed over.';

CREATE FUNCTION latchkey.request_revocation(p_name text, p_token bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.request_revocation(text, bigint) IS 'Asks whoever holds a lock, or shares it, or has permits of a semaphore, to give it up, which is up to them; p_token: only the one who was granted that. false if nobody has it who listens to such requests.';

CREATE FUNCTION latchkey.add_watch(p_session uuid, p_request bigint, p_name text, p_token bigint DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    PERFORM latchkey._check_name(p_name);
    PERFORM latchkey._check_request(p_request);
    IF NOT EXISTS (SELECT FROM latchkey._session s WHERE s.id = p_session AND s.expires_at > clock_timestamp()) THEN
        RETURN false;
    END IF;
    INSERT INTO latchkey._watch (session, request, name, token) VALUES (p_session, p_request, p_name, p_token)
    ON CONFLICT (session, request) DO NOTHING;
    RETURN true;
END $$;
COMMENT ON FUNCTION latchkey.add_watch(uuid, bigint, text, bigint) IS 'Lets a session hear of requests to give up a lease (p_token), or of who leads an election (NULL). p_request is a random number of the caller; listen on the session''s channel for "request-in-hex look", then call check_watches. false: no such session.';

CREATE FUNCTION latchkey.remove_watch(p_session uuid, p_request bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    DELETE FROM latchkey._watch w WHERE w.session = p_session AND w.request = p_request;
END $$;
COMMENT ON FUNCTION latchkey.remove_watch(uuid, bigint) IS 'Ends a watch.';

CREATE FUNCTION latchkey.check_watches(p_session uuid, p_requests bigint[] DEFAULT NULL)
RETURNS TABLE (request bigint, asked boolean, leader text, holder text, metadata text, term bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT w.request, w.asked_at IS NOT NULL, l.leader, l.holder, l.metadata, l.term
      FROM latchkey._watch w LEFT JOIN latchkey.leaders l ON w.token IS NULL AND l.election = w.name
     WHERE w.session = p_session AND (p_requests IS NULL OR w.request = ANY (p_requests));
END $$;
COMMENT ON FUNCTION latchkey.check_watches(uuid, bigint[]) IS 'What there is to see of the session''s watches (all, or these): whether somebody asked for the lease, or who leads the election.';

CREATE FUNCTION latchkey.acquire_locks(p_session uuid, p_names text[], p_requests bigint[], p_all boolean) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.acquire_locks(uuid, text[], bigint[], boolean) IS 'Takes locks in the order of their names, up to the first that is not to be had; with p_all all of them or none. Replies, as text, stand in the order of the arguments; NULL: not tried, or (p_all) not kept.';

CREATE FUNCTION latchkey._reap_candidates() RETURNS integer
LANGUAGE plpgsql
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey._reap_candidates() IS 'Deletes what sessions that are gone have said of themselves and wanted to hear. Nobody saw it any more.';

REVOKE ALL ON ALL TABLES   IN SCHEMA latchkey FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA latchkey FROM PUBLIC;

INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES (10, 1, 'elections');
