package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.POOL;
import static io.latchkey.chaos.check.Handmade.called;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.ms;
import static io.latchkey.chaos.check.Handmade.released;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The pool has four permits. */
class PermitLimitTest {
    private static Attempt permits(int weight, long token, long from, long deadline) {
        return called("w", POOL, Mode.PERMITS, weight, from - 1).granted(ms(from), token, ms(deadline));
    }

    private static List<Violation> judge(Attempt... attempts) {
        return new PermitLimit().violations(history(attempts));
    }

    @Test
    void asManyAsThereAre_areRight() {
        assertThat(judge(permits(3, 1, 10, 2_000), permits(1, 2, 11, 2_000))).isEmpty();
    }

    @Test
    void oneTooMany_isFound_withAllWhoHaveSome() {
        assertThat(judge(permits(2, 1, 10, 2_000), permits(2, 2, 11, 2_000), permits(1, 3, 12, 2_000)))
                .singleElement()
                .satisfies(violation -> {
                    assertThat(violation.sentence()).contains("5 permits of 4");
                    assertThat(violation.attempts()).hasSize(3);
                });
    }

    @Test
    void whatWasGivenBack_doesNotCount() {
        assertThat(judge(released(permits(3, 1, 10, 2_000), 20, 25), permits(3, 2, 20, 2_000)))
                .isEmpty();
        assertThat(judge(released(permits(3, 1, 10, 2_000), 20, 25), permits(3, 2, 19, 2_000)))
                .hasSize(1);
    }

    @Test
    void whatEndedAtItsDeadline_doesNotCount() {
        assertThat(judge(permits(3, 1, 10, 2_000), permits(3, 2, 2_000, 4_000))).isEmpty();
        assertThat(judge(permits(3, 1, 10, 2_000), permits(3, 2, 1_999, 4_000))).hasSize(1);
    }

    @Test
    void locks_areNotItsBusiness() {
        assertThat(judge(Handmade.held("a", 1, 10, 2_000), Handmade.held("b", 2, 11, 2_000)))
                .isEmpty();
    }
}
