-- Latchkey: roles, for administrators. Optional, and not a migration: a single role that installs and uses the schema works too.
--
--   latchkey_owner    owns the schema and everything in it; nobody logs in as it
--   latchkey_client   may use the functions:  GRANT latchkey_client TO my_application
--   latchkey_monitor  may see the views:      GRANT latchkey_monitor TO my_dashboard
--   latchkey_reaper   pg_cron runs the reaper as it, so it may log in; it has no password and may do nothing else
--
-- Run it after the migrations and again after each upgrade, in the same database, as a superuser or as the owner of the
-- schema with CREATEROLE. It can be repeated. Roles belong to the whole cluster: a second database finds them there.

DO $$
DECLARE
    v_before text := pg_catalog.current_setting('role');
    v_able   text := CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    v_role   record;
    v_change text;
    -- The job belongs to the owner of these functions.
    v_job    text[] := '{schedule_reaper,unschedule_reaper,reaper_statement,_reaper_obstacle,_job_obstacle,_job_name,_job_command,_purge_runs}';
    v_was_scheduled boolean := latchkey.unschedule_reaper();
BEGIN
    FOR v_role IN
        SELECT * FROM (VALUES ('latchkey_owner',   'Latchkey: owns the schema latchkey; its functions run with its rights.'),
                              ('latchkey_client',  'Latchkey: may take and give back locks.'),
                              ('latchkey_monitor', 'Latchkey: may see who holds what and who waits.'),
                              ('latchkey_reaper',  'Latchkey: pg_cron runs the reaper as this role, which may do nothing else.')) r (name, meaning)
    LOOP
        IF pg_catalog.to_regrole(v_role.name) IS NULL THEN
            BEGIN
                EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', v_role.name);
                EXECUTE pg_catalog.format('COMMENT ON ROLE %I IS %L', v_role.name, v_role.meaning);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- the same script in another database was faster
            END;
        END IF;
    END LOOP;

    -- Whoever gives objects to a role must be able to become it; and the new owner of a schema needs CREATE on its database.
    FOREACH v_change IN ARRAY '{latchkey_owner,latchkey_reaper}'::text[] LOOP
        IF NOT pg_catalog.pg_has_role(v_change, v_able) THEN
            EXECUTE pg_catalog.format('GRANT %I TO %I', v_change, CURRENT_USER);
        END IF;
    END LOOP;
    IF NOT pg_catalog.pg_has_role('latchkey_owner', 'latchkey_reaper', 'USAGE') THEN
        GRANT latchkey_reaper TO latchkey_owner;  -- who replaces its functions in an upgrade, and grants them
    END IF;
    IF NOT (SELECT r.rolcanlogin FROM pg_catalog.pg_roles r WHERE r.rolname = 'latchkey_reaper') THEN
        ALTER ROLE latchkey_reaper LOGIN;
    END IF;
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO latchkey_owner', pg_catalog.current_database());

    ALTER SCHEMA latchkey OWNER TO latchkey_owner;  -- first: the owner of an object needs CREATE on its schema
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
         WHERE t.typnamespace = 'latchkey'::pg_catalog.regnamespace AND (c.relkind = 'c' OR t.typtype IN ('d', 'e', 'r'))
    LOOP
        EXECUTE v_change;
    END LOOP;
    GRANT USAGE, CREATE ON SCHEMA latchkey TO latchkey_reaper;
    FOR v_change IN
        SELECT pg_catalog.format('ALTER ROUTINE %s OWNER TO latchkey_reaper', p.oid::pg_catalog.regprocedure)
          FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'latchkey'::pg_catalog.regnamespace AND p.proname = ANY (v_job)
    LOOP
        EXECUTE v_change;
    END LOOP;
    REVOKE CREATE ON SCHEMA latchkey FROM latchkey_reaper;
    GRANT EXECUTE ON FUNCTION latchkey.run_reaper(interval), latchkey.reaper_status() TO latchkey_reaper;
    IF pg_catalog.to_regnamespace('cron') IS NOT NULL AND pg_catalog.has_schema_privilege('cron', 'USAGE WITH GRANT OPTION') THEN
        GRANT USAGE ON SCHEMA cron TO latchkey_reaper;
    END IF;

    SET LOCAL ROLE latchkey_owner;
    PERFORM latchkey.grant_to('latchkey_client');
    PERFORM latchkey.grant_to('latchkey_monitor', true);
    PERFORM pg_catalog.set_config('role', v_before, true);

    IF v_was_scheduled THEN
        PERFORM latchkey.schedule_reaper();
    END IF;
END $$;
