package io.latchkey.benchmarks.peers;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.Lock;
import org.springframework.core.io.ClassPathResource;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** Spring Integration's lock registry on JDBC. */
final class SpringPeer implements Peer {
    private static final String SCHEMA = "org/springframework/integration/jdbc/schema-postgresql.sql";

    private final String url;
    private final boolean tuned;

    private SpringPeer(String url, boolean tuned) {
        this.url = url;
        this.tuned = tuned;
    }

    static SpringPeer withDefaults(String url) {
        return new SpringPeer(url, false);
    }

    /** Looks every millisecond, and inserts as the reference recommends for PostgreSQL. */
    static SpringPeer withShortestIdle(String url) {
        return new SpringPeer(url, true);
    }

    @Override
    public LockClient connect(ClientOptions options) throws SQLException {
        HikariDataSource pool = Pool.open(url, options);
        createTables(pool);
        DefaultLockRepository repository = new DefaultLockRepository(pool);
        DataSourceTransactionManager transactions = new JdbcTransactionManager(pool);
        repository.setTransactionManager(transactions);
        if (tuned) {
            repository.setInsertQuery(repository.getInsertQuery() + " ON CONFLICT DO NOTHING");
        }
        repository.afterPropertiesSet();
        repository.afterSingletonsInstantiated();
        repository.start();
        JdbcLockRegistry registry = new JdbcLockRegistry(
                repository, options.lease() == null ? JdbcLockRegistry.DEFAULT_TTL : options.lease());
        if (tuned) {
            registry.setIdleBetweenTries(Duration.ofMillis(1));
        }
        return new Client(pool, repository, registry);
    }

    private static synchronized void createTables(HikariDataSource pool) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            if (connection.getMetaData().getTables(null, null, "int_lock", null).next()) {
                return;
            }
            new ResourceDatabasePopulator(new ClassPathResource(SCHEMA)).populate(connection);
        }
    }

    private record Client(HikariDataSource pool, DefaultLockRepository repository, JdbcLockRegistry registry)
            implements LockClient {
        @Override
        public Held lock(String name) throws InterruptedException {
            Lock lock = registry.obtain(name);
            lock.lockInterruptibly();
            return lock::unlock;
        }

        @Override
        public AutoCloseable stand(String election, Runnable elected) {
            LockRegistryLeaderInitiator initiator =
                    new LockRegistryLeaderInitiator(registry, new DefaultCandidate(pool.getPoolName(), election) {
                        @Override
                        public void onGranted(Context context) {
                            super.onGranted(context);
                            elected.run();
                        }
                    });
            initiator.start();
            return initiator::destroy;
        }

        @Override
        public void close() {
            repository.close();
            pool.close();
        }
    }
}
