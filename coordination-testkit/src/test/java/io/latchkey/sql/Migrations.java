package io.latchkey.sql;

import io.latchkey.testkit.DatabaseAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The SQL files as they lie on the class path. */
final class Migrations {
    private Migrations() {}

    /** The names of the migrations, in order. */
    static List<String> names() {
        return read("migrations.txt").lines().toList();
    }

    static String read(String file) {
        try (InputStream in = Migrations.class.getResourceAsStream("/io/latchkey/sql/" + file)) {
            if (in == null) {
                throw new IllegalStateException("There is no " + file);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs all migrations in one transaction. */
    static void install(DatabaseAddress where) {
        try (Connection connection = where.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String name : names()) {
                statement.execute(read(name));
            }
            connection.commit();
        } catch (SQLException e) {
            throw new IllegalStateException("Cannot install the schema at " + where + ": " + e.getMessage(), e);
        }
    }
}
