package io.latchkey.sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The schema as text, read from the catalog: a dump for people and for comparing, always in the same order. The same schema
 * may read differently on another major version of PostgreSQL ({@code pg_get_viewdef}), so it is made on one of them only.
 */
final class SchemaDump {
    private static final String SECTIONS = """
            WITH object AS (
                SELECT c.oid, c.relname::text AS name, c.relkind, c.relpersistence, c.reloptions
                  FROM pg_class c WHERE c.relnamespace = 'latchkey'::regnamespace
            ), acl AS (
                SELECT 'latchkey' AS name, 'SCHEMA' AS kind, n.nspacl AS acl, n.nspowner AS owner
                  FROM pg_namespace n WHERE n.nspname = 'latchkey'
                 UNION ALL SELECT c.relname, 'TABLE', c.relacl, c.relowner
                  FROM pg_class c WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind IN ('r', 'v', 'S')
                 UNION ALL SELECT p.oid::regprocedure::text, 'FUNCTION', coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner
                  FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace
            ), line (section, name, place, text) AS (
                SELECT 1, o.name, 0, format(E'CREATE %sTABLE latchkey.%s (\\n%s\\n)%s;',
                       CASE o.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, o.name,
                       (SELECT string_agg('    ' || x.text, E',\\n' ORDER BY x.kind, x.place, x.text)
                          FROM (SELECT 0 AS kind, a.attnum AS place,
                                       a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                                       || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
                                       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
                                       || CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' ELSE '' END
                                       || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS text
                                  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                                  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                                 WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped
                                UNION ALL
                                SELECT 1, 0, 'CONSTRAINT ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
                                  FROM pg_constraint k WHERE k.conrelid = o.oid AND k.contype <> 'n') x),
                       coalesce(' WITH (' || array_to_string(o.reloptions, ', ') || ')', ''))
                  FROM object o WHERE o.relkind = 'r'
                UNION ALL
                SELECT 2, o.name, 0, pg_get_indexdef(i.indexrelid) || ';'
                  FROM object o JOIN pg_index i ON i.indexrelid = o.oid
                 WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
                UNION ALL
                SELECT 3, o.name, 0, format('CREATE TYPE latchkey.%s AS (%s);', o.name,
                       (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
                          FROM pg_attribute a WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped))
                  FROM object o WHERE o.relkind = 'c'
                UNION ALL
                SELECT 4, p.proname || p.oid::regprocedure, 0, rtrim(pg_get_functiondef(p.oid), E'\\n') || ';'
                  FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace
                UNION ALL
                SELECT 5, o.name, 0, format(E'CREATE VIEW latchkey.%s AS\\n%s', o.name, pg_get_viewdef(o.oid))
                  FROM object o WHERE o.relkind = 'v'
                UNION ALL
                SELECT 6, i.name, coalesce(d.objsubid, 0),
                       format('COMMENT ON %s %s IS %L;', replace(upper(i.type), 'TABLE COLUMN', 'COLUMN'), i.identity, d.description)
                  FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) f,
                       LATERAL (SELECT f.type, f.identity, f.identity AS name) i
                 WHERE f.schema = 'latchkey' OR d.classoid = 'pg_namespace'::regclass AND d.objoid = 'latchkey'::regnamespace
                UNION ALL
                SELECT 7, a.name, 0, format('GRANT %s ON %s %s TO %s;', x.privilege_type, a.kind, a.name,
                                            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END)
                  FROM acl a, aclexplode(a.acl) x WHERE x.grantee <> a.owner
                UNION ALL
                SELECT 8, v.version::text, v.version, format('-- migration %s, serves clients from %s: %s', v.version, v.compatible_from, v.description)
                  FROM latchkey._schema_version v
            )
            SELECT section, text FROM line ORDER BY section, name COLLATE "C", place, text COLLATE "C"
            """;
    private static final String[] TITLES = {
        "Tables",
        "Indexes besides those of constraints",
        "Types",
        "Functions",
        "Views",
        "Comments",
        "Grants to others than the owner",
        "Migrations"
    };

    private SchemaDump() {}

    static String of(Connection connection) throws SQLException {
        StringBuilder dump = new StringBuilder("""
                -- Generated from the catalog of a database on which all migrations ran; do not edit, and do not run.
                -- A test compares it, and says how to write it again.
                """);
        int section = 0;
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET search_path = pg_catalog, pg_temp"); // so that every name has its schema
            try (ResultSet lines = statement.executeQuery(SECTIONS)) {
                while (lines.next()) {
                    if (section != lines.getInt(1)) {
                        section = lines.getInt(1);
                        dump.append("\n-- ").append(TITLES[section - 1]).append('\n');
                        dump.append(section <= 5 ? "" : "\n");
                    }
                    dump.append(section <= 5 ? "\n" : "")
                            .append(lines.getString(2).stripTrailing())
                            .append('\n');
                }
            }
        }
        return dump.toString();
    }
}
