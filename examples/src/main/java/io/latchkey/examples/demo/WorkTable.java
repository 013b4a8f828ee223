package io.latchkey.examples.demo;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The table in which the workers write: one row per turn. */
final class WorkTable {
    static final String INSERT = "INSERT INTO latchkey_demo.work (worker, token) VALUES (?, ?)";

    private final String url;

    WorkTable(String url) {
        this.url = url;
    }

    void create() throws SQLException {
        execute("""
                CREATE SCHEMA latchkey_demo;
                CREATE TABLE latchkey_demo.work (
                    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    worker     text        NOT NULL,
                    token      bigint      NOT NULL,
                    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
                )""");
    }

    void empty() throws SQLException {
        execute("TRUNCATE latchkey_demo.work RESTART IDENTITY");
    }

    void drop() throws SQLException {
        execute("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS latchkey_demo CASCADE");
    }

    long rows() throws SQLException {
        return count("SELECT count(*) FROM latchkey_demo.work");
    }

    /** How many rows have a token that is not higher than that of the row before. */
    long rowsOutOfOrder() throws SQLException {
        return count("""
                SELECT count(*) FROM (SELECT token, lag(token) OVER (ORDER BY id) AS before FROM latchkey_demo.work) w
                 WHERE token <= before""");
    }

    long rowsWithToken(long token) throws SQLException {
        return count("SELECT count(*) FROM latchkey_demo.work WHERE token = " + token);
    }

    /** Whether somebody still holds the lock of the demo, or waits for it. */
    boolean isLockInUse() throws SQLException {
        return count("SELECT (SELECT count(*) FROM latchkey.locks WHERE name = '" + Story.LOCK + "')"
                        + " + (SELECT count(*) FROM latchkey.waiters WHERE name = '" + Story.LOCK + "')")
                > 0;
    }

    private long count(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                PreparedStatement statement = connection.prepareStatement(sql);
                ResultSet row = statement.executeQuery()) {
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
