package io.latchkey.spring;

import io.latchkey.Lease;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * A lock that was taken within a transaction is given back after it has ended, not before its commit, which would let others in
 * while they cannot see yet what was written.
 */
final class LeaseOfTransaction implements TransactionSynchronization {
    private final Lease lease;

    private LeaseOfTransaction(Lease lease) {
        this.lease = lease;
    }

    /** Ties the lease to this thread's transaction; false if there is none. */
    static boolean begin(Lease lease) {
        if (!TransactionSynchronizationManager.isSynchronizationActive()
                || !TransactionSynchronizationManager.isActualTransactionActive()) {
            return false;
        }
        TransactionSynchronizationManager.registerSynchronization(new LeaseOfTransaction(lease));
        CurrentLease.enter(lease);
        return true;
    }

    /** Rolls back what was not covered to its end. */
    @Override
    public void beforeCommit(boolean readOnly) {
        LockedInterceptor.requireValid(lease);
    }

    @Override
    public void afterCompletion(int status) {
        CurrentLease.leave(lease);
        lease.release();
    }
}
