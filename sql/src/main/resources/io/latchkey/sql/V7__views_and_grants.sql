-- Latchkey: what people see, and who may do what.

-- A view checks the caller's right to execute a function, not its owner's; so the views do without private functions.
CREATE VIEW latchkey.locks AS
SELECT l.name,
       coalesce(s.holder, l.holder)                                     AS holder,
       l.token                                                          AS fencing_token,
       CASE WHEN l.expires_at IS NULL THEN 'session' ELSE 'timed' END   AS lease,
       l.granted_at                                                     AS held_since,
       coalesce(s.expires_at, l.expires_at)                             AS ends_at,
       (SELECT pg_catalog.count(*) FROM latchkey._waiter w WHERE w.name = l.name AND w.token IS NULL) AS waiting,
       'exclusive'                                                      AS mode,
       NULL::integer                                                    AS permits
  FROM latchkey._lock l LEFT JOIN latchkey._session s ON s.id = l.session
 WHERE coalesce(s.expires_at, l.expires_at) > pg_catalog.clock_timestamp()
 UNION ALL
SELECT h.name, s.holder, h.token, 'session', h.granted_at, s.expires_at,
       (SELECT pg_catalog.count(*) FROM latchkey._waiter w WHERE w.name = h.name AND w.token IS NULL),
       CASE WHEN l.permits IS NULL THEN 'shared' ELSE 'permits' END, CASE WHEN l.permits IS NOT NULL THEN h.weight END
  FROM latchkey._shares h
  JOIN latchkey._lock l ON l.name = h.name
  JOIN latchkey._session s ON s.id = h.session AND s.expires_at > pg_catalog.clock_timestamp()
 WHERE NOT h.given_back;
COMMENT ON VIEW latchkey.locks IS 'Who holds what, since when, until when (a session lease is prolonged with its session), how many wait for it, and how it is held: exclusive, shared (a reader), or so many permits of a semaphore.';

CREATE VIEW latchkey.semaphores AS
SELECT l.name, l.permits,
       (SELECT coalesce(pg_catalog.sum(h.weight), 0)
          FROM latchkey._shares h JOIN latchkey._session s ON s.id = h.session AND s.expires_at > pg_catalog.clock_timestamp()
         WHERE h.name = l.name AND NOT h.given_back)                                                   AS in_use,
       (SELECT pg_catalog.count(*) FROM latchkey._waiter w WHERE w.name = l.name AND w.token IS NULL) AS waiting,
       l.granted_at                                                                                    AS last_granted
  FROM latchkey._lock l
 WHERE l.permits IS NOT NULL;
COMMENT ON VIEW latchkey.semaphores IS 'The semaphores: how many permits they have, how many of them are in use, and how many callers wait.';

CREATE VIEW latchkey.sessions AS
SELECT s.holder, s.opened_at, s.renewed_at, s.expires_at, s.timeout_ms * interval '1 millisecond' AS timeout,
       (SELECT pg_catalog.count(*) FROM latchkey._lock l WHERE l.session = s.id)
     + (SELECT pg_catalog.count(*) FROM latchkey._shares h WHERE h.session = s.id AND NOT h.given_back)   AS locks_held,
       (SELECT pg_catalog.count(*) FROM latchkey._waiter w WHERE w.session = s.id AND w.token IS NULL)   AS locks_waited_for
  FROM latchkey._session s
 WHERE s.expires_at > pg_catalog.clock_timestamp();
COMMENT ON VIEW latchkey.sessions IS 'The live clients, by their public names.';

CREATE VIEW latchkey.waiters AS
SELECT w.name,
       pg_catalog.row_number() OVER (PARTITION BY w.name ORDER BY w.ticket) AS place,
       s.holder                     AS waiter,
       w.queued_at                  AS waiting_since,
       coalesce(h.holder, l.holder,
                (SELECT pg_catalog.string_agg(DISTINCT o.holder, ', ')
                   FROM latchkey._shares e JOIN latchkey._session o ON o.id = e.session AND o.expires_at > pg_catalog.clock_timestamp()
                  WHERE e.name = w.name AND NOT e.given_back)) AS held_by,
       CASE WHEN w.weight IS NULL THEN 'exclusive' WHEN l.permits IS NULL THEN 'shared' ELSE 'permits' END AS mode,
       CASE WHEN l.permits IS NOT NULL THEN w.weight END AS permits
  FROM latchkey._waiter w
  JOIN latchkey._session s ON s.id = w.session AND s.expires_at > pg_catalog.clock_timestamp()
  JOIN latchkey._lock l ON l.name = w.name
  LEFT JOIN latchkey._session h ON h.id = l.session
 WHERE w.token IS NULL;
COMMENT ON VIEW latchkey.waiters IS 'Who waits for what, in the order in which they get it, who has it now, and how it is asked for.';

CREATE FUNCTION latchkey.schema_version(OUT version integer, OUT compatible_from integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$ SELECT v.version, v.compatible_from FROM latchkey._schema_version v ORDER BY v.version DESC LIMIT 1 $$;
COMMENT ON FUNCTION latchkey.schema_version() IS 'The version of this schema, and the oldest one whose clients still work on it.';

CREATE FUNCTION latchkey.grant_to(p_role name, p_monitor_only boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, latchkey, pg_temp
AS $$
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
END $$;
COMMENT ON FUNCTION latchkey.grant_to(name, boolean) IS 'Lets an application role use Latchkey (or only look at its views). Runs with the caller''s rights: the owner of the schema calls it, again after each upgrade.';

REVOKE ALL ON ALL TABLES    IN SCHEMA latchkey FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA latchkey FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES  IN SCHEMA latchkey FROM PUBLIC;

INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES
    (1, 1, 'tables'), (2, 1, 'sessions'), (3, 1, 'locks'), (4, 1, 'fence and timed leases'),
    (5, 1, 'session life'), (6, 1, 'reaper and batches'), (7, 1, 'views and grants');
