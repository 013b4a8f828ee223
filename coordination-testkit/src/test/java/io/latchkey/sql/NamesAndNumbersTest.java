package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** What may be the name of a lock, and arguments out of range. */
final class NamesAndNumbersTest extends SqlTest {
    private static void assertState(String state, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state));
    }

    private static void assertBadArgument(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(PSQLException.class, e -> {
            assertThat(e.getSQLState()).isEqualTo("LK002");
            assertThat(e.getServerErrorMessage()).isNotNull();
            assertThat(e.getServerErrorMessage().getHint()).isNotEmpty();
        });
    }

    @Test
    void everyString_isItsOwnLock() throws SQLException {
        Party a = client("a");
        Party b = client("b");
        String[] names = {
            "a",
            "a ",
            " a",
            "A",
            "\u00e4",
            "a\u0308",
            "a\t",
            "'; DROP TABLE latchkey._lock; --",
            "$$",
            "\\",
            "%",
            "_",
            "null",
            "\uD83D\uDD11",
            "\u0131",
            "i",
            "I",
            "\u0130",
            "\n",
            "{}",
            "{a,b}",
            "(a,b)",
            "\"",
            "x".repeat(512),
            "\u00e4".repeat(256)
        };
        for (int i = 0; i < names.length; i++) {
            assertThat(a.tryAcquire(names[i], i).outcome()).as(names[i]).isEqualTo("granted");
        }
        assertThat(count("latchkey._lock")).isEqualTo(names.length);
        assertThat(a.ask("SELECT count(*) FROM latchkey.audit_session(?)", a.session))
                .isEqualTo(String.valueOf(names.length));
        for (String name : names) {
            assertThat(b.tryAcquire(name, 99).outcome()).as(name).isEqualTo("held");
        }
        Arrays.sort(
                names,
                (one, other) -> Arrays.compareUnsigned(
                        one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8)));
        Long[] requests = new Long[names.length];
        Arrays.setAll(requests, i -> 1000L + i);
        String tries = "'" + "try,".repeat(names.length - 1) + "try'";
        assertThat(b.ask(
                        "SELECT count(*) FROM unnest(latchkey.run_batch(?, string_to_array(" + tries
                                + ", ','), ?, ?)) r" + " WHERE (r::latchkey.reply).outcome = 'held'",
                        b.session,
                        b.texts(names),
                        b.numbers(requests)))
                .isEqualTo(String.valueOf(names.length));
    }

    @Test
    void name_emptyOrLongerThan512Bytes_isRefused() throws SQLException {
        Party a = client("a");
        for (String name : new String[] {"", "x".repeat(513), "\u00e4".repeat(256) + "x"}) {
            assertState("LK002", () -> a.tryAcquire(name, 1));
            assertState("LK002", () -> a.acquire(name, 1));
        }
        assertThat(a.release("", 1)).isEqualTo("not_held");
        assertThat(count("latchkey._lock")).isZero();
    }

    @Test
    void sessionTimeout_outOfRange_isRefused() throws SQLException {
        Party a = connect();
        for (int timeout : new int[] {0, -1, 99, 3_600_001, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertBadArgument(() -> a.open("a", timeout));
        }
        assertBadArgument(() -> a.ask("SELECT latchkey.open_session('a', NULL)"));
        a.open("a", 100);
    }

    @Test
    void holdersName_emptyOrTooLong_isRefused() throws SQLException {
        Party a = connect();
        assertBadArgument(() -> a.open("", 15_000));
        assertBadArgument(() -> a.open("x".repeat(513), 15_000));
        assertBadArgument(() -> a.ask("SELECT latchkey.open_session(NULL)"));
    }

    @Test
    void lengthOfTimedLease_outOfRange_isRefused() throws SQLException {
        Party a = connect();
        long year = 31_536_000_000L;
        assertBadArgument(() -> a.acquireTimed("x", 1, false, 0, 0));
        assertBadArgument(() -> a.acquireTimed("x", 1, false, -5, 0));
        assertBadArgument(() -> a.acquireTimed("x", 1, false, year + 1, 0));
        assertBadArgument(() -> a.acquireTimed("x", 1, false, Long.MAX_VALUE, 0));
        assertBadArgument(() -> a.acquireTimed("x", 1, false, 10, 11));
        assertBadArgument(() -> a.acquireTimed("x", 1, false, 10, -1));
        assertBadArgument(() -> a.extendTimed("x", 1, 1, 0));
        a.acquireTimed("x", 1, false, year, year).granted();
    }

    @Test
    void batch_withUnknownCall_isRefusedAsAWhole() throws SQLException {
        Party a = client("a");
        assertBadArgument(() -> a.batch(a.texts("try", "drop"), a.texts("a", "b"), a.numbers(1L, 2L)));
        assertThat(count("latchkey._lock")).isZero();
    }

    @Test
    void batch_empty_isEmpty() throws SQLException {
        Party a = client("a");
        assertThat(a.ask("SELECT coalesce(cardinality(latchkey.run_batch(?, '{}', '{}', '{}')), 0)", a.session))
                .isEqualTo("0");
    }
}
