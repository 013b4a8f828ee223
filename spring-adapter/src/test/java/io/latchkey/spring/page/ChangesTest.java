package io.latchkey.spring.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.SessionState;
import io.latchkey.spring.observe.Overview;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChangesTest {
    private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");

    private final Changes changes = new Changes();

    private static Overview.Lock lock(String name, String holder, long token) {
        return new Overview.Lock(name, holder, false, null, token, "session", "exclusive", 0, AT, Duration.ZERO, AT, 0);
    }

    private static Overview look(long total, Overview.Lock... locks) {
        return new Overview(
                AT,
                new Overview.Client("here", SessionState.CONNECTED, false, 0, 0),
                List.of(locks),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                new Overview.Totals(total, 0, 0, 0, 0));
    }

    private List<String> see(Overview overview) {
        return changes.upTo(overview).stream()
                .map(change -> change.number() + " " + change.lock() + " " + change.from() + " " + change.to())
                .toList();
    }

    @Test
    void firstLook_showsNoChange() {
        assertThat(see(look(1, lock("a", "ann", 1)))).isEmpty();
    }

    @Test
    void locks_takenPassedOnAndGivenBack_areChanges() {
        see(look(0));
        assertThat(see(look(1, lock("a", "ann", 1)))).containsExactly("1 a null ann");
        assertThat(see(look(1, lock("a", "ben", 2)))).containsExactly("2 a ann ben", "1 a null ann");
        assertThat(see(look(0))).startsWith("3 a ben null");
        assertThat(see(look(0))).hasSize(3);
    }

    @Test
    void sameHolder_withAnotherGrant_isAChange() {
        see(look(1, lock("a", "ann", 1)));
        assertThat(see(look(1, lock("a", "ann", 2)))).containsExactly("1 a ann ann");
    }

    @Test
    void shares_comeAndGoOnTheirOwn() {
        see(look(1, shared("ann", 1)));
        assertThat(see(look(2, shared("ann", 1), shared("ben", 2)))).containsExactly("1 a null ben");
        assertThat(see(look(1, shared("ben", 2)))).containsExactly("2 a ann null", "1 a null ben");
    }

    private static Overview.Lock shared(String holder, long token) {
        return new Overview.Lock("a", holder, false, null, token, "session", "shared", 0, AT, Duration.ZERO, AT, 0);
    }

    @Test
    void lock_missingWhereNotAllAreShown_isNoChange() {
        see(look(9, lock("a", "ann", 1), lock("b", "ann", 1)));
        assertThat(see(look(9, lock("b", "ben", 2), lock("c", "ann", 1)))).containsExactly("1 b ann ben");
    }

    @Test
    void changes_areForgottenAfterAWhile_andAfterAPause() {
        see(look(0));
        IntStream.range(0, 100).forEach(i -> see(look(1, lock("a", "ann", i))));
        assertThat(changes.upTo(look(1, lock("a", "ann", 99)))).hasSize(40);
        changes.forget();
        assertThat(see(look(0))).isEmpty();
    }
}
