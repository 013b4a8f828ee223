package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** {@code sql/schema.sql} is what the migrations make. */
final class SchemaDumpTest {
    private static final int MAJOR = 18;
    private static final String UPDATE = "latchkey.schema.update";

    @Test
    void schemaFile_isWhatTheMigrationsMake() throws SQLException, IOException {
        Path file = file();
        String made;
        try (TestDatabase database = SqlDatabase.fresh(MAJOR).server().database()) {
            Migrations.install(database.address());
            made = dump(database.address());
        }
        if (Boolean.getBoolean(UPDATE)) {
            Files.writeString(file, made);
        }
        assertThat(Files.exists(file) ? Files.readString(file) : "")
                .as("sql/schema.sql is not what the migrations make. If the change is meant, write it again with"
                        + " mvn -pl coordination-testkit -am test -Dtest=SchemaDumpTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -D" + UPDATE + "=true")
                .isEqualTo(made);
    }

    private static String dump(DatabaseAddress where) throws SQLException {
        try (Connection connection = where.connect()) {
            return SchemaDump.of(connection);
        }
    }

    /** Tests run in the folder of their module. */
    private static Path file() {
        return Path.of("..", "sql", "schema.sql").toAbsolutePath().normalize();
    }
}
