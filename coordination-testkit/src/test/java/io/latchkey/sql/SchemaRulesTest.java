package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What every object of the schema keeps to. */
final class SchemaRulesTest extends SqlTest {
    /** What a query finds, one line each; rules are queries for those who break them. */
    private List<String> found(String query) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (var statement = admin.connection().createStatement();
                var rows = statement.executeQuery(query)) {
            while (rows.next()) {
                lines.add(rows.getString(1));
            }
        }
        return lines;
    }

    @Test
    void everyObject_hasComment() throws SQLException {
        assertThat(found(WITHOUT_COMMENT)).isEmpty();
        admin.begin();
        admin.execute(
                "CREATE TABLE latchkey._new (id int); CREATE FUNCTION latchkey.new_one() RETURNS int LANGUAGE sql AS 'SELECT 1'");
        assertThat(found(WITHOUT_COMMENT))
                .as("the rule finds what breaks it")
                .containsExactlyInAnyOrder("_new", "new_one");
        admin.rollback();
    }

    private static final String WITHOUT_COMMENT = """
            SELECT c.relname FROM pg_class c
             WHERE c.relnamespace = 'latchkey'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
               AND obj_description(c.oid, 'pg_class') IS NULL
             UNION ALL
            SELECT p.proname FROM pg_proc p
             WHERE p.pronamespace = 'latchkey'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
             UNION ALL
            SELECT t.typname FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
             WHERE t.typnamespace = 'latchkey'::regnamespace AND (c.relkind = 'c' OR t.typtype IN ('d', 'e', 'r'))
               AND obj_description(t.oid, 'pg_type') IS NULL
             UNION ALL
            SELECT n.nspname FROM pg_namespace n WHERE n.nspname = 'latchkey' AND obj_description(n.oid, 'pg_namespace') IS NULL
            """;

    /** A few names are a verb alone, or what they return. */
    @Test
    void everyName_isVerbAndNounOrPrivate() throws SQLException {
        assertThat(found("SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace"
                        + " AND p.proname !~ '^(_[a-z_]+|(open|close|renew|resume|audit|acquire|try|release|settle|withdraw|run"
                        + "|confirm|extend|grant|schedule|unschedule|downgrade|upgrade|set|join|leave|describe|announce|request|add|remove"
                        + "|check)_[a-z]+|fence|reap|wake|schema_version|reaper_status|reaper_statement)$'"))
                .isEmpty();
        assertThat(found("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'latchkey'::regnamespace"
                        + " AND (c.relname !~ '^_' AND c.relkind NOT IN ('v', 'c') OR c.relname ~ '^_' AND c.relkind = 'v'"
                        + " AND c.relname <> '_shares')"))
                .isEmpty();
        assertThat(found("SELECT k.conname FROM pg_constraint k WHERE k.connamespace = 'latchkey'::regnamespace"
                        + " AND k.contype <> 'n' AND k.conname !~ '^_'"))
                .as("every constraint has a name of our own")
                .isEmpty();
    }

    @Test
    void nothing_isOpenToPublic() throws SQLException {
        assertThat(found(OPEN_TO_PUBLIC)).isEmpty();
        admin.begin();
        admin.execute(
                "CREATE FUNCTION latchkey.new_one() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON latchkey.locks TO PUBLIC");
        assertThat(found(OPEN_TO_PUBLIC))
                .as("the rule finds what breaks it")
                .containsExactlyInAnyOrder("locks", "new_one");
        admin.rollback();
    }

    private static final String OPEN_TO_PUBLIC = """
            SELECT c.relname FROM pg_class c, aclexplode(c.relacl) x WHERE c.relnamespace = 'latchkey'::regnamespace AND x.grantee = 0
             UNION ALL
            SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, aclexplode(a.attacl) x
             WHERE c.relnamespace = 'latchkey'::regnamespace AND x.grantee = 0
             UNION ALL
            SELECT p.proname FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
             WHERE p.pronamespace = 'latchkey'::regnamespace AND x.grantee = 0
             UNION ALL
            SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) x WHERE n.nspname = 'latchkey' AND x.grantee = 0
            """;

    @Test
    void noIndex_isOnColumnThatRenewalsChange() throws SQLException {
        assertThat(found("""
                        SELECT a.attrelid::regclass || '.' || a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
                         WHERE i.indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'latchkey'::regnamespace)
                           AND (a.attnum = ANY (i.indkey) OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                           AND a.attname ~ '(expires|renewed|granted|least|_from|last_run)'
                        """)).isEmpty();
    }

    /** The short cuts do without; {@link SearchPathTest} shows that they need none. */
    @Test
    void everyDefinersFunction_hasFixedSearchPath() throws SQLException {
        assertThat(
                        found(
                                "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace AND p.prosecdef"
                                        + " AND NOT coalesce('search_path=pg_catalog, latchkey, pg_temp' = ANY (p.proconfig), false)"))
                .containsExactlyInAnyOrder(
                        "acquire_lock",
                        "release_lock",
                        "acquire_shared",
                        "release_shared",
                        "acquire_timed",
                        "release_timed",
                        "run_batch");
    }

    /** But for the one that runs as the role of pg_cron's job, which the owner of the schema calls. */
    @Test
    void everyFunctionOfTheApi_runsWithItsOwnersRights_andNoPrivateOneDoes() throws SQLException {
        assertThat(found("SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'latchkey'::regnamespace"
                        + " AND p.prosecdef <> (p.proname !~ '^_' AND p.proname <> 'grant_to')"
                        + " AND p.proname <> '_purge_runs'"))
                .isEmpty();
    }

    @Test
    void migrationsList_isWhatLiesThere_andTheVersionsAreRecorded() throws Exception {
        List<String> files = new ArrayList<>();
        URL list = SqlTest.class.getResource("/io/latchkey/sql/migrations.txt");
        assertThat(list).isNotNull();
        try (FileSystem jar =
                list.getProtocol().equals("jar") ? FileSystems.newFileSystem(list.toURI(), Map.of()) : null) {
            files.addAll(sqlFiles(list));
        }
        assertThat(Migrations.names())
                .containsExactlyInAnyOrderElementsOf(files)
                .doesNotHaveDuplicates();
        List<String> versions = Migrations.names().stream()
                .map(name -> name.substring(1, name.indexOf("__")))
                .toList();
        assertThat(found("SELECT version FROM latchkey._schema_version ORDER BY version"))
                .isEqualTo(versions);
    }

    private static List<String> sqlFiles(URL list) throws IOException, URISyntaxException {
        try (Stream<Path> all = Files.list(Path.of(list.toURI()).resolveSibling(""))) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.matches("V.*\\.sql"))
                    .toList();
        }
    }
}
