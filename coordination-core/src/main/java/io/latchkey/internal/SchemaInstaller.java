package io.latchkey.internal;

import io.latchkey.SchemaException;
import io.latchkey.SchemaMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Installs or checks the schema. The migrations are the files of the module {@code sql}, which Flyway can run as well. */
final class SchemaInstaller {
    /** The schema this client is written for. */
    static final int VERSION = 11;

    private static final String FOLDER = "/io/latchkey/sql/";
    /** A query and not to_regprocedure, which may answer from a cache that is older than the lock that was waited for. */
    private static final String EXISTS = """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                            WHERE n.nspname = 'latchkey' AND p.proname = 'schema_version')""";

    private static final String INSTALLED = "SELECT version, compatible_from FROM latchkey.schema_version()";
    private static final String ONE_AT_A_TIME = "SELECT pg_catalog.pg_advisory_xact_lock(7814281702946)";
    /** Whoever upgrades a schema that another role owns does it as that role, if it is a member. */
    private static final String AS_OWNER = """
            SELECT pg_catalog.format('SET LOCAL ROLE %I', r.rolname)
              FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
             WHERE n.nspname = 'latchkey' AND r.rolname <> current_user AND pg_catalog.pg_has_role(r.oid, 'MEMBER')""";

    private final Connection connection;
    private final String place;

    SchemaInstaller(Connection connection, String place) {
        this.connection = connection;
        this.place = place;
    }

    private record Installed(int version, int compatibleFrom) {}

    void ensure(SchemaMode mode) throws SQLException {
        Installed found = installed();
        if (found == null || found.version < VERSION) {
            if (mode == SchemaMode.CHECK) {
                throw new SchemaException(
                        found == null
                                ? "the schema latchkey is missing at " + place
                                        + "; run the migrations, or connect with SchemaMode.INSTALL"
                                : "the schema latchkey at " + place + " has version " + found.version
                                        + " and this client needs " + VERSION + "; run the newer migrations",
                        null,
                        null);
            }
            install();
            found = installed();
        }
        if (found == null || found.compatibleFrom > VERSION) {
            throw new SchemaException(
                    "the schema latchkey at " + place + " is too new for this client (it serves versions from "
                            + (found == null ? "?" : found.compatibleFrom) + " on, this is " + VERSION
                            + "); upgrade this client",
                    null,
                    null);
        }
    }

    private @Nullable Installed installed() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery(EXISTS)) {
                row.next();
                if (!row.getBoolean(1)) {
                    return null;
                }
            }
            try (ResultSet row = statement.executeQuery(INSTALLED)) {
                row.next();
                return new Installed(row.getInt(1), row.getInt(2));
            }
        }
    }

    private void install() throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(ONE_AT_A_TIME);
            Installed found = installed();
            String asOwner = firstColumn(statement, AS_OWNER);
            if (asOwner != null) {
                statement.execute(asOwner);
            }
            int from = found == null ? 0 : found.version;
            for (String migration : migrations()) {
                int version = Integer.parseInt(migration.substring(1, migration.indexOf("__")));
                if (version > from && version <= VERSION) {
                    statement.execute(read(migration));
                }
            }
            connection.commit();
        } catch (SQLException e) {
            connection.rollback();
            if (Fault.is(e, "42501")) {
                throw new SchemaException(
                        "this role may not install the schema latchkey at " + place
                                + "; run GRANT CREATE ON DATABASE ... TO it, or let an administrator run the migrations and "
                                + "SELECT latchkey.grant_to('role')",
                        "42501",
                        e);
            }
            throw e;
        } finally {
            connection.setAutoCommit(true);
        }
    }

    private static @Nullable String firstColumn(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            return row.next() ? row.getString(1) : null;
        }
    }

    private static List<String> migrations() {
        return read("migrations.txt").lines().filter(line -> !line.isBlank()).toList();
    }

    private static String read(String file) {
        try (InputStream in = SchemaInstaller.class.getResourceAsStream(FOLDER + file)) {
            if (in == null) {
                throw new SchemaException("the module io.latchkey:sql is not on the class path", null, null);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
