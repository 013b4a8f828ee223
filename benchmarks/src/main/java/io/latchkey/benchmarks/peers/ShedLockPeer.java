package io.latchkey.benchmarks.peers;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import net.javacrumbs.shedlock.provider.jdbctemplate.JdbcTemplateLockProvider;
import org.springframework.jdbc.core.JdbcTemplate;

/** ShedLock's provider on JDBC, by the clock of the database. It does not wait, so whoever has to tries again. */
record ShedLockPeer(String url) implements Peer {
    private static final Duration LEASE = Duration.ofSeconds(30);
    private static final long RETRY_MS = 10;

    @Override
    public LockClient connect(ClientOptions options) throws SQLException {
        HikariDataSource pool = Pool.open(url, options);
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS shedlock(name VARCHAR(64) NOT NULL, lock_until TIMESTAMP NOT"
                    + " NULL, locked_at TIMESTAMP NOT NULL, locked_by VARCHAR(255) NOT NULL, PRIMARY KEY (name))");
        }
        LockProvider provider = new JdbcTemplateLockProvider(JdbcTemplateLockProvider.Configuration.builder()
                .withJdbcTemplate(new JdbcTemplate(pool))
                .usingDbTime()
                .build());
        return new Client(pool, provider, options.lease() == null ? LEASE : options.lease());
    }

    private record Client(HikariDataSource pool, LockProvider provider, Duration lease) implements LockClient {
        @Override
        public Held lock(String name) throws InterruptedException {
            while (true) {
                Optional<SimpleLock> lock =
                        provider.lock(new LockConfiguration(Instant.now(), name, lease, Duration.ZERO));
                if (lock.isPresent()) {
                    return lock.get()::unlock;
                }
                Thread.sleep(RETRY_MS);
            }
        }

        @Override
        public void close() {
            pool.close();
        }
    }
}
