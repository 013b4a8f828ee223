package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** Fencing tokens grow for ever, whatever the clock does and the server forgets. */
final class TokenTest extends SqlTest {
    private static final long FAR_AHEAD = 1_000_000_000_000_000L; // 31 years in microseconds

    @Test
    void tokens_ofManyGrants_grow() throws SQLException {
        Party a = client("a");
        long last = 0;
        for (int i = 0; i < 20; i++) {
            long token = a.tryAcquire("x", i).granted();
            assertThat(token).isGreaterThan(last);
            last = token;
            a.release("x", token);
        }
        assertThat(last).isLessThan(1L << 53);
    }

    @Test
    void token_afterTheClockWentBack_isOneMore() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        a.release("x", a.tryAcquire("x", 1).granted());
        admin.execute("UPDATE latchkey._lock SET token = token + " + FAR_AHEAD);
        long ahead = Long.parseLong(admin.ask("SELECT token FROM latchkey._lock"));
        assertThat(a.tryAcquire("x", 2).granted()).as("by the short cut").isEqualTo(ahead + 1);
        b.acquire("x", 3);
        a.release("x", ahead + 1);
        assertThat(b.acquire("x", 3).granted()).as("by hand-over").isEqualTo(ahead + 2);
    }

    @Test
    void token_afterGrantWasLost_isNotRepeated() throws SQLException {
        long[] tokens = lostAndNextToken();
        assertThat(tokens[1]).isGreaterThan(tokens[0]);
    }

    @Test
    void token_fromCounter_isRepeatedAfterGrantWasLost() throws SQLException {
        String clock =
                "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::bigint";
        sabotage("acquire_lock", clock, "0");
        sabotage("_next_token", "(date_part('epoch', clock_timestamp()) * 1000000)::bigint", "0");
        long[] tokens = lostAndNextToken();
        assertThat(tokens[1]).isEqualTo(tokens[0]);
    }

    /** The second grant happens on a server that did not receive the first: as after an asynchronous failover. */
    private long[] lostAndNextToken() throws SQLException {
        Party a = client("a");
        a.release("x", a.tryAcquire("x", 1).granted());
        a.begin();
        long lost = a.tryAcquire("x", 2).granted();
        a.rollback();
        return new long[] {lost, client("b").tryAcquire("x", 3).granted()};
    }

    @Test
    void token_ofRowThatWasDeleted_isNotRepeated_evenIfTheClockWentBack() throws SQLException {
        assertThat(tokenAfterPurge()).isGreaterThan(FAR_AHEAD);
    }

    @Test
    void token_withoutFloor_isLowerAfterTheRowWasDeleted() throws SQLException {
        sabotage(
                "_reap_idle_locks",
                "UPDATE latchkey._setting g SET token_floor",
                "UPDATE latchkey._setting g SET grace_ms = grace_ms, token_floor = 0 WHERE false; UPDATE latchkey._reaper g SET lock_cursor = lock_cursor WHERE false AND 0 = 0; --");
        assertThat(tokenAfterPurge()).isLessThan(2 * FAR_AHEAD);
    }

    private long tokenAfterPurge() throws SQLException {
        Party a = client("a");
        a.release("x", a.tryAcquire("x", 1).granted());
        admin.execute(
                "UPDATE latchkey._lock SET token = " + 5 * FAR_AHEAD + ", granted_at = now() - interval '8 days'");
        assertThat(admin.ask("SELECT latchkey.reap()")).isEqualTo("1");
        assertThat(count("latchkey._lock")).isZero();
        return a.tryAcquire("x", 2).granted();
    }
}
