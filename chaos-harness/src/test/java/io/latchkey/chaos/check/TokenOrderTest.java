package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.DOCUMENT;
import static io.latchkey.chaos.check.Handmade.MUTEX;
import static io.latchkey.chaos.check.Handmade.OTHER;
import static io.latchkey.chaos.check.Handmade.called;
import static io.latchkey.chaos.check.Handmade.held;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.ms;
import static io.latchkey.chaos.check.Handmade.released;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenOrderTest {
    private static List<Violation> judge(Attempt... attempts) {
        return new TokenOrder().violations(history(attempts));
    }

    @Test
    void tokensThatRise_areRight() {
        assertThat(judge(released(held("a", 1, 10, 2_000), 20, 21), released(held("b", 5, 30, 2_000), 40, 41)))
                .isEmpty();
    }

    @Test
    void sameTokenTwice_isFound() {
        assertThat(judge(released(held("a", 7, 10, 2_000), 20, 21), held("b", 7, 30, 2_000)))
                .anySatisfy(violation -> assertThat(violation.sentence()).contains("7 was given out twice"));
    }

    @Test
    void sameTokenOfTwoLocks_isRight() {
        assertThat(judge(
                        held("a", MUTEX, Mode.EXCLUSIVE, 7, 10, 2_000), held("b", OTHER, Mode.EXCLUSIVE, 7, 30, 2_000)))
                .isEmpty();
    }

    @Test
    void lowerTokenForALaterCall_isFound() {
        assertThat(judge(released(held("a", 9, 10, 2_000), 20, 21), held("b", 8, 30, 2_000)))
                .anySatisfy(violation -> assertThat(violation.sentence()).contains("asked for later"));
    }

    @Test
    void lowerTokenForALaterHolderThatAskedEarlier_isFound() {
        Attempt first = called("b", 1).granted(ms(30), 8, ms(2_000));
        assertThat(judge(released(held("a", 9, 10, 2_000), 20, 21), first))
                .singleElement()
                .satisfies(violation -> assertThat(violation.sentence()).contains("held later"));
    }

    @Test
    void readersWhoseGrantsAreHeardOfInAnotherOrder_areRight() {
        Attempt early = called("a", DOCUMENT, Mode.READ, 1, 1).granted(ms(30), 8, ms(2_000));
        Attempt late = called("b", DOCUMENT, Mode.READ, 1, 2).granted(ms(10), 9, ms(2_000));
        assertThat(judge(early, late)).isEmpty();
        Attempt afterwards = called("c", DOCUMENT, Mode.READ, 1, 11).granted(ms(20), 7, ms(2_000));
        assertThat(judge(early, late, afterwards)).hasSize(1);
    }

    @Test
    void holderThatWasStoppedWhileItLooked_isNotPlacedInTheOrder() {
        // Seen valid, then stopped; when it wrote that down its deadline had passed, and another had been granted.
        Attempt stopped = called("a", 1).granted(ms(3_000), 8, ms(2_000));
        assertThat(judge(stopped, called("b", 2).granted(ms(2_500), 9, ms(5_000))))
                .isEmpty();
    }

    @Test
    void grantThatCameTooLate_countsForUniqueness() {
        assertThat(judge(called("a", 1).grantedLate(ms(50), 7), held("b", 7, 60, 2_000)))
                .isNotEmpty();
    }

    @Test
    void callsWithoutAToken_areLeftOut() {
        assertThat(judge(
                        called("a", 1).ended(ms(2), Attempt.End.UNKNOWN),
                        called("b", 3).ended(ms(4), Attempt.End.REFUSED),
                        called("c", 5)))
                .isEmpty();
    }
}
