package io.latchkey.spring;

import io.latchkey.Lease;
import io.latchkey.LeaseLostException;
import java.sql.Connection;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Fences Spring's transactions, without a connection to handle. Thread-safe. */
public final class TransactionFence {
    private final @Nullable DataSource dataSource;

    /**
     * Creates one.
     *
     * @param dataSource that of the transactions, in the same database as the locks; null: every fence is refused, because no data
     *     source of the application is in that database
     */
    public TransactionFence(@Nullable DataSource dataSource) {
        this.dataSource = dataSource;
    }

    /**
     * Keeps the lock from everybody else until the current transaction has ended. See {@link Lease#fence}.
     *
     * @throws LeaseLostException if the lease is not current any more; let it roll the transaction back
     * @throws IllegalStateException if there is no transaction of this data source
     */
    public void fence(Lease lease) {
        if (dataSource == null) {
            throw new IllegalStateException(
                    "there is no data source here, so no transaction to find: use fence(connection)");
        } else if (!TransactionSynchronizationManager.isActualTransactionActive()) {
            throw new IllegalStateException(
                    "there is no transaction here to fence: call this in a @Transactional method");
        }
        Connection connection = DataSourceUtils.getConnection(dataSource);
        try {
            lease.fence(connection);
        } finally {
            DataSourceUtils.releaseConnection(connection, dataSource);
        }
    }
}
