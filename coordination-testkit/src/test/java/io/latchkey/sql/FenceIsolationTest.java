package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.SQLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Fences in transactions that see the database as it was when they began to read. */
final class FenceIsolationTest extends SqlTest {
    /** A transaction of repeatable read does not see what happened since its first statement. */
    private Party withOldSnapshot(String isolation) throws SQLException {
        Party transaction = connect();
        transaction.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL " + isolation);
        transaction.begin();
        transaction.ask("SELECT 1");
        return transaction;
    }

    private void assertNotSerializable(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("40001"));
    }

    @Test
    void fence_inRepeatableRead_ofLeaseGivenBackSince_isRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = withOldSnapshot("REPEATABLE READ");
        a.release("x", token);
        client("b").tryAcquire("x", 2).granted();
        assertNotSerializable(() -> transaction.fence("x", token));
    }

    @Test
    void fence_inSerializable_ofRowChangedSince_isRefused() throws SQLException {
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = withOldSnapshot("SERIALIZABLE");
        client("b").acquire("x", 2);
        assertNotSerializable(() -> transaction.fence("x", token));
    }

    @Test
    void fence_inRepeatableRead_keepsTheLock_andHindersNobody() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = withOldSnapshot("REPEATABLE READ");
        transaction.fence("x", token);
        assertThat(b.acquire("x", 2).outcome()).isEqualTo("queued");
        assertThat(a.release("x", token)).isEqualTo("fenced");
        transaction.commit();
        assertThat(admin.settle("x")).isEqualTo("granted");
    }

    @Test
    void fence_inRepeatableRead_withoutItsSecondLook_passesAfterTheLockWentToAnother() throws SQLException {
        sabotage(
                "fence",
                "IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN",
                "IF false THEN");
        Party a = client("a");
        long token = a.tryAcquire("x", 1).granted();
        Party transaction = withOldSnapshot("REPEATABLE READ");
        a.release("x", token);
        client("b").tryAcquire("x", 2).granted();
        transaction.fence("x", token);
    }
}
