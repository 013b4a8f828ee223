package io.latchkey.shedlock;

import io.latchkey.testkit.TestDatabase;
import javax.sql.DataSource;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** ShedLock's own provider with its table, as its documentation sets it up: what we compare with, and what users come from. */
final class ShedLockTable {
    private ShedLockTable() {}

    static void create(TestDatabase database) {
        database.execute("CREATE TABLE IF NOT EXISTS shedlock (name varchar(64) NOT NULL PRIMARY KEY,"
                + " lock_until timestamp NOT NULL, locked_at timestamp NOT NULL, locked_by varchar(255) NOT NULL)");
    }

    static JdbcTemplateLockProvider provider(TestDatabase database) {
        return provider(new DriverManagerDataSource(database.url()));
    }

    static JdbcTemplateLockProvider provider(DataSource dataSource) {
        return new JdbcTemplateLockProvider(JdbcTemplateLockProvider.Configuration.builder()
                .withJdbcTemplate(new JdbcTemplate(dataSource))
                .usingDbTime()
                .build());
    }

    /** On one connection, which stays open: as fast as a pool that is never short of one. Not for several threads. */
    static SingleConnectionDataSource oneConnection(TestDatabase database) {
        SingleConnectionDataSource dataSource = new SingleConnectionDataSource(database.url(), true);
        dataSource.setAutoCommit(true);
        return dataSource;
    }
}
