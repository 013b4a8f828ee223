-- Latchkey: roles, for administrators. Optional, and not a migration: a single role that installs and uses the schema works too.
--
--   latchkey_owner    owns the schema and everything in it; nobody logs in as it
--   latchkey_client   may use the functions:  GRANT latchkey_client TO my_application
--   latchkey_monitor  may see the views:      GRANT latchkey_monitor TO my_dashboard
--
-- Run it after the migrations and again after each upgrade, in the same database, as a superuser or as the owner of the
-- schema with CREATEROLE. It can be repeated. Roles belong to the whole cluster: a second database finds them there.

DO $$
DECLARE
    v_role   text;
    v_change text;
BEGIN
    -- Two databases of one cluster may run this at once.
    PERFORM pg_catalog.pg_advisory_xact_lock(7814281702946);
    FOREACH v_role IN ARRAY ARRAY['latchkey_owner', 'latchkey_client', 'latchkey_monitor'] LOOP
        BEGIN
            IF pg_catalog.to_regrole(v_role) IS NULL THEN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', v_role);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- the other database was faster
        END;
    END LOOP;

    -- Whoever gives objects to a role must be a member of it; and a new owner needs CREATE on the database for the schema.
    IF NOT pg_catalog.pg_has_role('latchkey_owner', 'MEMBER') THEN
        EXECUTE pg_catalog.format('GRANT latchkey_owner TO %I', CURRENT_USER);
    END IF;
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO latchkey_owner', pg_catalog.current_database());

    FOR v_change IN
        SELECT pg_catalog.format('ALTER TABLE %s OWNER TO latchkey_owner', c.oid::pg_catalog.regclass)
          FROM pg_catalog.pg_class c
         WHERE c.relnamespace = 'latchkey'::pg_catalog.regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
         UNION ALL
        SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO latchkey_owner', p.oid::pg_catalog.regprocedure)
          FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'latchkey'::pg_catalog.regnamespace
         UNION ALL
        SELECT pg_catalog.format('ALTER TYPE %s OWNER TO latchkey_owner', t.oid::pg_catalog.regtype)
          FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
         WHERE t.typnamespace = 'latchkey'::pg_catalog.regnamespace
           AND (c.relkind = 'c' OR t.typtype IN ('d', 'e', 'r'))
    LOOP
        EXECUTE v_change;
    END LOOP;
    -- The schema last: whoever is not a superuser needs it while giving the rest away.
    ALTER SCHEMA latchkey OWNER TO latchkey_owner;
END $$;

COMMENT ON ROLE latchkey_owner   IS 'Latchkey: owns the schema latchkey; its functions run with its rights.';
COMMENT ON ROLE latchkey_client  IS 'Latchkey: may take and give back locks.';
COMMENT ON ROLE latchkey_monitor IS 'Latchkey: may see who holds what and who waits.';

SELECT latchkey.grant_to('latchkey_client');
SELECT latchkey.grant_to('latchkey_monitor', true);
