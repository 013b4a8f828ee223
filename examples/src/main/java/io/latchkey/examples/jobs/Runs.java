package io.latchkey.examples.jobs;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** What the job has written: one row per run, and nothing that would forbid two for a period. */
final class Runs {
    private final String url;

    Runs(String url) {
        this.url = url;
    }

    void create() throws SQLException {
        execute("CREATE SCHEMA jobs_example");
        execute(
                "CREATE TABLE jobs_example.run (period bigint NOT NULL, instance text NOT NULL, token bigint NOT NULL)");
    }

    void drop() throws SQLException {
        execute("DROP SCHEMA IF EXISTS jobs_example CASCADE");
    }

    long inAll() throws SQLException {
        return ask("SELECT count(*) FROM jobs_example.run");
    }

    /** Of the periods from the first to the last that ran, those without a run. */
    long missed() throws SQLException {
        return ask("SELECT max(period) - min(period) + 1 - count(DISTINCT period) FROM jobs_example.run");
    }

    long repeated() throws SQLException {
        return ask("SELECT count(*) - count(DISTINCT period) FROM jobs_example.run");
    }

    /** Runs whose token is not higher than that of the run before. */
    long outOfOrder() throws SQLException {
        return ask(
                "SELECT count(*) FROM (SELECT token <= lag(token) OVER (ORDER BY period) AS wrong FROM jobs_example.run) r"
                        + " WHERE wrong");
    }

    private long ask(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getLong(1);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
