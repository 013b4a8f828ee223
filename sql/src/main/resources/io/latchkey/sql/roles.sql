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
    v_before text := pg_catalog.current_setting('role');
    v_able   text := CASE WHEN pg_catalog.current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END;
    v_role   record;
    v_change text;
BEGIN
    FOR v_role IN
        SELECT * FROM (VALUES ('latchkey_owner',   'Latchkey: owns the schema latchkey; its functions run with its rights.'),
                              ('latchkey_client',  'Latchkey: may take and give back locks.'),
                              ('latchkey_monitor', 'Latchkey: may see who holds what and who waits.')) r (name, meaning)
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
    IF NOT pg_catalog.pg_has_role('latchkey_owner', v_able) THEN
        EXECUTE pg_catalog.format('GRANT latchkey_owner TO %I', CURRENT_USER);
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

    SET LOCAL ROLE latchkey_owner;
    PERFORM latchkey.grant_to('latchkey_client');
    PERFORM latchkey.grant_to('latchkey_monitor', true);
    PERFORM pg_catalog.set_config('role', v_before, true);
END $$;
