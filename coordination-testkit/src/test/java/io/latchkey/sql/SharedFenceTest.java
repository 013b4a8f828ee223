package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;

/** The fence of a share that has a row of its own. */
final class SharedFenceTest extends SharedFenceContract {
    @Override
    long read(Party reader) throws SQLException {
        Party first = client("first");
        long place = first.tryRead("x", 100).granted();
        long token = reader.tryRead("x", 1).granted();
        first.giveBack("x", place);
        assertThat(count("latchkey._share")).isEqualTo(1);
        return token;
    }

    @Test
    void release_underFence_whenItCountsAtOnce_letsTheWriterInUnderTheTransaction() throws SQLException {
        sabotage("_release_share", """
                            v_reply.outcome := 'fenced';
                            RETURN v_reply;
                """, "");
        sabotage(
                "_count_shares",
                "CASE WHEN e.given_back OR s.id IS NULL THEN true",
                "CASE WHEN e.given_back OR s.id IS NULL THEN false");
        Party a = client("a");
        long token = read(a);
        fencing(token);
        a.giveBack("x", token);
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void expiry_underFence_whenOnlyLiveReadersCount_letsTheWriterInUnderTheTransaction() throws SQLException {
        sabotage(
                "_count_shares",
                "     WHERE h.name = p_name AND h.token > p_above;",
                "     WHERE h.name = p_name AND s.id IS NOT NULL;");
        Party a = client("a");
        fencing(read(a));
        expire(a);
        client("b").tryAcquire("x", 2).granted();
    }

    @Test
    void fence_withoutTheRowLock_passesBesideTheWriter() throws SQLException {
        sabotage("_fence_share", "h.token = p_token FOR KEY SHARE", "h.token = p_token");
        sabotage("_fence_share", "AND s.expires_at > clock_timestamp()", "");
        Party b = client("b");
        fencing(grantToWriterUncommitted(b));
        b.commit();
        assertThat(holders("x")).isEqualTo("b");
    }

    @Test
    void fence_inRepeatableRead_ofShareGivenBackSince_withoutItsSecondLook_passes() throws SQLException {
        sabotage("_fence_share", "IN ('repeatable read', 'serializable')", "IS NULL");
        fenceWithOldSnapshot();
    }
}
