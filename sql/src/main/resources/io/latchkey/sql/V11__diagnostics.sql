-- Latchkey: what an operator should know of the server, in one call.

CREATE FUNCTION latchkey.audit_server(OUT held_back_xids bigint, OUT oldest_transaction_ms bigint, OUT notification_queue double precision, OUT grace_left_ms bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, latchkey, pg_temp
AS $$
BEGIN
    -- Everybody may see these ages. Who is a member of pg_read_all_stats sees the time of other roles' transactions, too.
    SELECT greatest(max(age(a.backend_xmin)), max(age(a.backend_xid)),
                    (SELECT max(age(p.transaction)) FROM pg_prepared_xacts p),
                    (SELECT max(age(s.xmin)) FROM pg_replication_slots s), 0),
           ceil(date_part('epoch', clock_timestamp() - min(a.xact_start) FILTER (WHERE coalesce(a.backend_xmin, a.backend_xid) IS NOT NULL)) * 1000)
      INTO held_back_xids, oldest_transaction_ms
      FROM pg_stat_activity a WHERE a.pid <> pg_backend_pid();
    notification_queue := pg_notification_queue_usage();
    -- A plain look: a missing marker is put back by the next call that grants, not by one that watches.
    SELECT greatest(ceil(date_part('epoch', i.granting_from - clock_timestamp()) * 1000), 0) INTO grace_left_ms FROM latchkey._incarnation i;
END $$;
COMMENT ON FUNCTION latchkey.audit_server() IS 'How many transactions back the oldest snapshot, prepared transaction or replication slot keeps VACUUM from cleaning; the age of the oldest transaction with a snapshot that the owner of the schema may see; how full the notification queue is (0 to 1); and what is left of the grace period (NULL: the server has just recovered, and nobody has asked yet).';

REVOKE ALL ON FUNCTION latchkey.audit_server() FROM PUBLIC;

INSERT INTO latchkey._schema_version (version, compatible_from, description) VALUES (11, 1, 'diagnostics');
