package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.DOCUMENT;
import static io.latchkey.chaos.check.Handmade.MUTEX;
import static io.latchkey.chaos.check.Handmade.OTHER;
import static io.latchkey.chaos.check.Handmade.held;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.ms;
import static io.latchkey.chaos.check.Handmade.released;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Mode;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExclusiveWindowsTest {
    private static List<Violation> judge(Attempt... attempts) {
        History history = history(attempts);
        return new ExclusiveWindows().violations(history);
    }

    @Test
    void turnsOneAfterTheOther_areRight() {
        assertThat(judge(released(held("a", 1, 10, 2_000), 20, 22), released(held("b", 2, 21, 2_000), 30, 31)))
                .as("granted while the release was under way")
                .isEmpty();
    }

    @Test
    void releaseAndGrantAtTheSameMoment_areRight() {
        assertThat(judge(released(held("a", 1, 10, 2_000), 20, 22), held("b", 2, 20, 2_000)))
                .isEmpty();
    }

    @Test
    void twoThatAreValidAtOnce_areFound() {
        List<Violation> found =
                judge(released(held("a", 1, 10, 2_000), 20, 22), released(held("b", 2, 19, 2_000), 30, 31));
        assertThat(found).singleElement().satisfies(violation -> {
            assertThat(violation.sentence()).contains("1 (a)", "2 (b)");
            assertThat(violation.attempts()).hasSize(2);
            assertThat(violation.at()).isEqualTo(ms(19));
        });
    }

    @Test
    void twoLocks_haveNothingToDoWithEachOther() {
        assertThat(judge(
                        held("a", MUTEX, Mode.EXCLUSIVE, 1, 10, 2_000), held("b", OTHER, Mode.EXCLUSIVE, 1, 11, 2_000)))
                .isEmpty();
    }

    @Test
    void holderThatWasStopped_isValidUntilItsDeadline_andNotLonger() {
        Attempt stopped = held("a", 1, 10, 2_000);
        assertThat(judge(stopped, held("b", 2, 2_000, 4_000)))
                .as("granted when the deadline had passed")
                .isEmpty();
        assertThat(judge(stopped, held("b", 2, 1_999, 4_000)))
                .as("isValid() would have said yes")
                .hasSize(1);
    }

    @Test
    void holderThatWakesUpAndFindsItselfInvalid_wasValidUntilItsDeadline() {
        assertThat(judge(held("a", 1, 10, 2_000).invalid(ms(5_000)), held("b", 2, 1_500, 4_000)))
                .hasSize(1);
        assertThat(judge(held("a", 1, 10, 2_000).invalid(ms(5_000)), held("b", 2, 2_500, 4_000)))
                .isEmpty();
    }

    @Test
    void holderThatIsToldOfItsLossBeforeItsDeadline_countsUntilItWasLastSeenValid() {
        Attempt told = held("a", 1, 10, 2_000).valid(ms(500), ms(2_500)).invalid(ms(900));
        assertThat(judge(told, held("b", 2, 700, 4_000))).isEmpty();
        assertThat(judge(held("a", 1, 10, 2_000).valid(ms(500), ms(2_500)).invalid(ms(900)), held("b", 2, 400, 4_000)))
                .hasSize(1);
    }

    @Test
    void grantThatWasOverBeforeAnybodyLooked_isNoWindow() {
        Attempt late = Handmade.called("a", 5).grantedLate(ms(50), 1);
        assertThat(judge(late, held("b", 2, 20, 4_000))).isEmpty();
    }

    @Test
    void callWhoseOutcomeIsUnknown_isNoWindow() {
        Attempt unknown = Handmade.called("a", 5).ended(ms(50), Attempt.End.UNKNOWN);
        assertThat(judge(unknown, held("b", 2, 20, 4_000))).isEmpty();
    }

    @Test
    void readers_goTogether_andNotWithAWriter() {
        Attempt reader = held("a", DOCUMENT, Mode.READ, 1, 10, 2_000);
        Attempt other = held("b", DOCUMENT, Mode.READ, 2, 11, 2_000);
        assertThat(judge(reader, other)).isEmpty();
        assertThat(judge(reader, other, held("c", DOCUMENT, Mode.WRITE, 3, 12, 2_000)))
                .hasSize(1);
        assertThat(judge(held("c", DOCUMENT, Mode.WRITE, 3, 9, 2_000), reader, other))
                .hasSize(2);
    }

    @Test
    void longHolderBeforeManyShortOnes_isComparedWithAll() {
        assertThat(judge(
                        held("a", 1, 10, 2_000),
                        released(held("b", 2, 20, 2_000), 30, 31),
                        released(held("c", 3, 40, 2_000), 50, 51)))
                .hasSize(2);
    }
}
