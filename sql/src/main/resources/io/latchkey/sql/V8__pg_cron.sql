-- Latchkey: the reaper as a job of pg_cron, where there is one. Nothing else needs that extension: what is in schema cron is
-- looked for when a function is called, so this file runs without it.
--
-- The job runs as the owner of schedule_reaper(), whoever calls it. pg_cron makes names of jobs unique per role, so there is one
-- job however many ask for it. pg_cron logs in as that role; roles.sql makes one for it, because the owner of the schema cannot.

CREATE VIEW latchkey.reaper AS
SELECT CASE WHEN r.cron_run BETWEEN c.now - 3 * r.cron_every - interval '1 second' AND c.now THEN 'pg_cron'
            WHEN r.last_run BETWEEN c.now - g.grace_ms * interval '1 millisecond' AND c.now  THEN 'clients'
            ELSE 'nobody' END                                       AS run_by,
       nullif(r.last_run, '-infinity')                              AS last_run,
       c.now - nullif(r.last_run, '-infinity')                      AS age,
       nullif(r.cron_run, '-infinity')                              AS last_run_by_pg_cron,
       CASE WHEN r.cron_run > '-infinity' THEN r.cron_every END     AS pg_cron_every
  FROM latchkey._setting g LEFT JOIN latchkey._reaper r ON r.only_row,
       (SELECT pg_catalog.clock_timestamp() AS now) c;
COMMENT ON VIEW latchkey.reaper IS 'Who makes expiry visible (pg_cron, clients in turn, or nobody), and when it was done last. pg_cron counts as at work for three periods after its last run.';

CREATE FUNCTION latchkey.reaper_status(OUT run_by text, OUT age_ms bigint, OUT pg_cron_every interval)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    SELECT r.run_by, ceil(date_part('epoch', r.age) * 1000)::bigint, r.pg_cron_every INTO run_by, age_ms, pg_cron_every FROM latchkey.reaper r;
END $$;
COMMENT ON FUNCTION latchkey.reaper_status() IS 'The view latchkey.reaper for programs: run_by is pg_cron, clients or nobody; the age of the last run is by the clock of the database.';

CREATE FUNCTION latchkey.run_reaper(p_every interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
DECLARE
    v_done integer := latchkey._reap_in_turn('0', 1000, p_every);
    v_to   bigint;
BEGIN
    UPDATE latchkey._reaper r SET purged_at = clock_timestamp()
     WHERE r.ctid = (SELECT e.ctid FROM latchkey._reaper e
                      WHERE e.purged_at NOT BETWEEN clock_timestamp() - interval '1 minute' AND clock_timestamp() FOR NO KEY UPDATE SKIP LOCKED);
    IF FOUND THEN
        SELECT g.runs_purged_to INTO v_to FROM latchkey._setting g;
        v_to := latchkey._purge_runs(v_to);
        UPDATE latchkey._setting g SET runs_purged_to = v_to
         WHERE g.ctid = (SELECT e.ctid FROM latchkey._setting e WHERE e.runs_purged_to IS DISTINCT FROM v_to FOR NO KEY UPDATE SKIP LOCKED);
    END IF;
    RETURN v_done;
END $$;
COMMENT ON FUNCTION latchkey.run_reaper(interval) IS 'What the job of pg_cron calls, so often: reaps, remembers that pg_cron is at work, and once a minute purges what the job left in cron.job_run_details.';

CREATE FUNCTION latchkey._job_name() RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN octet_length(current_database()::text) <= 54 THEN 'latchkey ' || current_database()
                ELSE 'latchkey ' || md5(current_database()::text) END
$$;
COMMENT ON FUNCTION latchkey._job_name() IS 'The name of the job: one per database, because all databases of a cluster may share one pg_cron. At most 63 bytes.';

CREATE FUNCTION latchkey._job_command(p_every text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT format('SELECT pg_catalog.set_config(%L, %L, true), latchkey.run_reaper(%L)', 'synchronous_commit', 'off', p_every)
$$;
COMMENT ON FUNCTION latchkey._job_command(text) IS 'What the job runs. It does not wait for the disk, so it may notify those it hands a lock to.';

CREATE FUNCTION latchkey._purge_runs(p_from bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$  -- with the rights of the job's role, although the owner of the schema calls it
DECLARE
    v_job  bigint;
    v_last bigint;
    v_left bigint;
BEGIN
    IF to_regclass('cron.job_run_details') IS NULL THEN
        RETURN p_from;
    END IF;
    EXECUTE 'SELECT j.jobid FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text' INTO v_job USING latchkey._job_name();
    EXECUTE 'SELECT max(d.runid) FROM cron.job_run_details d' INTO v_last;
    IF p_from IS NULL OR p_from > v_last THEN  -- the first time, or the extension was created anew
        p_from := greatest(v_last - 10000, 0);
    END IF;
    -- By the primary key and piece by piece: there is no index on the job, and others may have left millions of rows.
    EXECUTE $query$
        DELETE FROM cron.job_run_details d
         WHERE d.runid > $1 AND d.runid <= $1 + 10000 AND d.jobid = $2 AND d.status IN ('succeeded', 'failed')
           AND coalesce(d.end_time, d.start_time, '-infinity') < clock_timestamp() - interval '10 minutes'$query$ USING p_from, v_job;
    EXECUTE 'SELECT min(d.runid) FROM cron.job_run_details d WHERE d.runid > $1 AND d.runid <= $1 + 10000 AND d.jobid = $2'
       INTO v_left USING p_from, v_job;
    RETURN coalesce(v_left - 1, least(p_from + 10000, v_last), p_from);
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'the runs of % in cron.job_run_details were not purged: %', latchkey._job_name(), SQLERRM;
    RETURN p_from;  -- the reaping matters more
END $$;
COMMENT ON FUNCTION latchkey._purge_runs(bigint) IS 'Deletes finished runs of our own job that are older than ten minutes from cron.job_run_details: a bounded piece of it, on from that run. Returns where to go on.';

CREATE FUNCTION latchkey.reaper_statement() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    RETURN format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
                  latchkey._job_name(), '1 second', latchkey._job_command('1 second'), current_database(), current_user);
END $$;
COMMENT ON FUNCTION latchkey.reaper_statement() IS 'What to run in the database of pg_cron, as a superuser, if that is another one than this.';

CREATE FUNCTION latchkey._reaper_obstacle(OUT state text, OUT problem text, OUT hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, latchkey, pg_temp
AS $$
DECLARE
    v_loaded   boolean;
    v_database text;
BEGIN
    BEGIN
        v_database := current_setting('cron.database_name', true);
        v_loaded := EXISTS (SELECT FROM pg_settings s WHERE s.name = 'cron.database_name');  -- if not, it is a line that nobody reads
    EXCEPTION WHEN insufficient_privilege THEN
        v_loaded := true;  -- and only members of pg_read_all_settings may know where
    END;
    IF NOT v_loaded AND NOT EXISTS (SELECT FROM pg_available_extensions e WHERE e.name = 'pg_cron') THEN
        state   := 'LK010';
        problem := 'pg_cron is not installed on this server';
        hint    := format('Install it (Debian: apt-get install postgresql-%s-cron), set shared_preload_libraries = ''pg_cron'' and restart the server.',
                          current_setting('server_version_num')::integer / 10000);
    ELSIF NOT v_loaded THEN
        state   := 'LK011';
        problem := 'pg_cron is installed, but not loaded';
        hint    := 'Add it to shared_preload_libraries (shared_preload_libraries = ''pg_cron'') and restart the server.';
    ELSIF NOT EXISTS (SELECT FROM pg_extension e WHERE e.extname = 'pg_cron') THEN
        IF v_database = current_database() THEN
            state   := 'LK010';
            problem := 'the extension pg_cron is not created in this database';
            hint    := 'CREATE EXTENSION pg_cron;';
        ELSE
            state   := 'LK012';
            problem := format('pg_cron works in %s, not in %I', CASE WHEN v_database IS NULL THEN 'another database' ELSE format('the database %I', v_database) END, current_database());
            hint    := format('%s: %s (Before pg_cron 1.5 it is ''* * * * *'' instead of ''1 second'', and ''1 minute'' for the reaper.)%s',
                              CASE WHEN v_database IS NULL THEN 'In the database that cron.database_name names run' ELSE format('In the database %I run', v_database) END,
                              latchkey.reaper_statement(),
                              CASE WHEN v_database IS NULL THEN format(' If it names %I: CREATE EXTENSION pg_cron;', current_database()) ELSE '' END);
        END IF;
    ELSIF NOT has_schema_privilege('cron', 'USAGE') THEN
        state   := 'LK013';
        problem := format('the role %I may not use pg_cron', current_user);
        hint    := format('GRANT USAGE ON SCHEMA cron TO %I;', current_user);
    ELSIF NOT (SELECT r.rolcanlogin FROM pg_roles r WHERE r.rolname = current_user) THEN
        state   := 'LK013';
        problem := format('pg_cron cannot run a job as %I, which may not log in', current_user);
        hint    := format('ALTER ROLE %I LOGIN; or run roles.sql (again), which gives the job a role of its own.', current_user);
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._reaper_obstacle() IS 'What keeps pg_cron from running the reaper, and the setting or grant that is missing; NULL: nothing. LK010: no extension; LK011: not loaded; LK012: in another database; LK013: privileges.';

CREATE FUNCTION latchkey._job_obstacle(p_job bigint, p_active boolean, OUT state text, OUT problem text, OUT hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, latchkey, pg_temp
AS $$
DECLARE
    v_message text;
BEGIN
    IF NOT p_active THEN
        state   := 'LK014';
        problem := format('job %s of pg_cron, the reaper, is switched off', p_job);
        hint    := format('SELECT cron.alter_job(%s, active := true);', p_job);
    ELSIF (SELECT s.run_by FROM latchkey.reaper_status() s) <> 'pg_cron' THEN
        EXECUTE $query$
            SELECT (array_agg(d.return_message ORDER BY d.runid DESC))[1]
              FROM (SELECT * FROM cron.job_run_details r
                     WHERE r.jobid = $1 AND r.status IN ('succeeded', 'failed')
                       AND r.runid > (SELECT max(m.runid) - 1000 FROM cron.job_run_details m)
                     ORDER BY r.runid DESC LIMIT 2) d  -- two: a restart of the server makes one
            HAVING count(*) FILTER (WHERE d.status = 'failed') = 2$query$ INTO v_message USING p_job;
        IF v_message IS NOT NULL THEN
            state   := 'LK014';
            problem := format('pg_cron could not run the reaper, job %s: %s', p_job, btrim(regexp_replace(v_message, '\s+', ' ', 'g')));
            hint    := format('If it cannot connect: set cron.use_background_workers = on and restart the server, or let %I in from localhost without a password in pg_hba.conf.', current_user);
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION latchkey._job_obstacle(bigint, boolean) IS 'What keeps the job that exists from running: it is switched off, or failed the last two times. LK014.';

CREATE FUNCTION latchkey.schedule_reaper(p_required boolean DEFAULT true,
                                         OUT every text, OUT job_id bigint, OUT state text, OUT problem text, OUT hint text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    v_find     text := 'SELECT j.jobid, j.schedule, j.command, j.active FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text';
    v_schedule text := 'SELECT cron.schedule($1, $2, $3)';
    v_name     text := latchkey._job_name();
    v_job      record;
BEGIN
    SELECT o.state, o.problem, o.hint INTO state, problem, hint FROM latchkey._reaper_obstacle() o;
    IF state = 'LK012' AND (SELECT s.run_by FROM latchkey.reaper_status() s) = 'pg_cron' THEN
        SELECT CASE WHEN s.pg_cron_every < '1 minute' THEN 'second' ELSE 'minute' END, NULL, NULL, NULL INTO every, state, problem, hint
          FROM latchkey.reaper_status() s;  -- somebody has done there what the hint says
    ELSIF state IS NULL THEN
        EXECUTE v_find INTO v_job USING v_name;
        job_id := v_job.jobid;
        -- One that runs something else is not asked why it failed, but replaced.
        IF NOT v_job.active OR v_job.command IN (latchkey._job_command('1 second'), latchkey._job_command('1 minute')) THEN
            SELECT o.state, o.problem, o.hint INTO state, problem, hint FROM latchkey._job_obstacle(job_id, v_job.active) o;
        END IF;
        IF state IS NULL THEN
            BEGIN
                every := 'second';
                IF (v_job.schedule, v_job.command) IS DISTINCT FROM ('1 second', latchkey._job_command('1 second')) THEN
                    EXECUTE v_schedule INTO job_id USING v_name, '1 second', latchkey._job_command('1 second');
                END IF;
            EXCEPTION
                WHEN invalid_parameter_value THEN  -- it does not know seconds
                    every := 'minute';
                    IF (v_job.schedule, v_job.command) IS DISTINCT FROM ('* * * * *', latchkey._job_command('1 minute')) THEN
                        EXECUTE v_schedule INTO job_id USING v_name, '* * * * *', latchkey._job_command('1 minute');
                    END IF;
                WHEN insufficient_privilege THEN
                    every := NULL;
                    state := 'LK013';
                    problem := format('the role %I may not schedule jobs: %s', current_user, SQLERRM);
                    hint := CASE WHEN (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
                                 THEN 'Set cron.enable_superuser_jobs = on and restart the server; or run roles.sql (again), which gives the job a role of its own.'
                                 ELSE format('GRANT EXECUTE ON FUNCTION cron.schedule(text, text, text) TO %I;', current_user) END;
            END;
        END IF;
    END IF;
    IF state IS NOT NULL AND p_required THEN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = problem, HINT = hint;
    END IF;
END $$;
COMMENT ON FUNCTION latchkey.schedule_reaper(boolean) IS 'Lets pg_cron run the reaper every second, or every minute where it cannot do better (every: second or minute). Can be repeated, also at the same time: there is one job. Where that cannot work it raises an error of class LK whose hint says what is missing; p_required => false: returns that instead.';

CREATE FUNCTION latchkey.unschedule_reaper() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp SET lock_timeout = '2s'
AS $$
DECLARE
    v_job bigint;
BEGIN
    IF to_regnamespace('cron') IS NULL OR NOT has_schema_privilege('cron', 'USAGE') THEN
        RETURN false;
    END IF;
    EXECUTE 'DELETE FROM cron.job_run_details d USING cron.job j WHERE d.jobid = j.jobid AND j.jobname::text = $1 AND j.username = current_user::text'
      USING latchkey._job_name();
    EXECUTE 'SELECT j.jobid FROM cron.job j WHERE j.jobname::text = $1 AND j.username = current_user::text' INTO v_job USING latchkey._job_name();
    IF v_job IS NULL THEN
        RETURN false;
    END IF;
    EXECUTE 'SELECT cron.unschedule($1)' USING v_job;
    RETURN true;
END $$;
COMMENT ON FUNCTION latchkey.unschedule_reaper() IS 'Takes the job away again, with what it left in cron.job_run_details; false if there was none. Clients then reap in turn.';

REVOKE ALL ON latchkey.reaper FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA latchkey FROM PUBLIC;

INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES (8, 1, 'pg_cron');
