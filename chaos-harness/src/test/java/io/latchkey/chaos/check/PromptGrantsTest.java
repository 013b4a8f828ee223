package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.called;
import static io.latchkey.chaos.check.Handmade.held;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.ms;
import static io.latchkey.chaos.check.Handmade.outage;
import static io.latchkey.chaos.check.Handmade.released;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Mode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Five seconds are too long. */
class PromptGrantsTest {
    private static List<Violation> judge(History history) {
        return new PromptGrants(Duration.ofSeconds(5)).violations(history);
    }

    private static Attempt holderUntil(long end) {
        return released(held("a", 1, 10, end + 2_000), end - 1, end);
    }

    @Test
    void waiterThatIsServedInTime_isRight() {
        Attempt waiter = called("b", 500).granted(ms(5_900), 2, ms(200_000));
        assertThat(judge(history(holderUntil(1_000), waiter))).isEmpty();
    }

    @Test
    void waiterThatIsServedTooLate_isFound() {
        Attempt waiter = called("b", 500).granted(ms(6_100), 2, ms(200_000));
        assertThat(judge(history(holderUntil(1_000), waiter))).singleElement().satisfies(violation -> {
            assertThat(violation.sentence()).contains("free for 5100 ms", "b waited");
            assertThat(violation.at()).isEqualTo(ms(6_000));
        });
    }

    @Test
    void waiterThatIsNeverServed_isFound_unlessTheLookComesBeforeTheTimeIsUp() {
        assertThat(judge(history(holderUntil(1_000), called("b", 500)))).hasSize(1);
        assertThat(judge(history(holderUntil(1_000), called("b", 500)).until(ms(5_900))))
                .isEmpty();
    }

    @Test
    void longWaitWhileSomebodyHoldsIt_isRight() {
        Attempt waiter = called("b", 500).granted(ms(50_010), 2, ms(200_000));
        assertThat(judge(history(holderUntil(50_000), waiter))).isEmpty();
    }

    @Test
    void longHold_byOneWhoSaysNothing_isRight() {
        assertThat(judge(history(held("a", 1, 10, 2_000), called("b", 500)))).isEmpty();
    }

    @Test
    void holderThatWasKilled_countsUntilItsLeaseIsOver() {
        Attempt killed = held("a", 1, 10, 2_000).processEnded(ms(100));
        assertThat(judge(history(killed, called("b", 500)).until(ms(7_900)))).isEmpty();
        assertThat(judge(history(killed, called("b", 500)).until(ms(8_100)))).hasSize(1);
    }

    @Test
    void waiterThatGaveUpOrDied_isNotWaited() {
        assertThat(judge(history(holderUntil(1_000), called("b", 500).ended(ms(3_000), Attempt.End.GIVEN_UP))))
                .isEmpty();
        assertThat(judge(history(holderUntil(1_000), called("b", 500).processEnded(ms(3_000)))))
                .isEmpty();
    }

    @Test
    void callThatDoesNotWait_isLeftOut() {
        Attempt call = new Attempt("b", Handmade.MUTEX, Mode.EXCLUSIVE, 1, false, ms(500));
        assertThat(judge(history(holderUntil(1_000), call))).isEmpty();
    }

    @Test
    void timeOfAFaultAndItsEffects_doesNotCount() {
        History during = history(holderUntil(1_000), called("b", 500)).until(ms(14_000));
        assertThat(judge(during.add(outage(2_000, 3_000, 10_000)))).isEmpty();
        History after = history(holderUntil(1_000), called("b", 500)).until(ms(15_100));
        assertThat(judge(after.add(outage(2_000, 3_000, 10_000)))).hasSize(1);
    }

    @Test
    void twoShortTimesWithAFaultInBetween_doNotAddUp() {
        History history = history(holderUntil(1_000), called("b", 500)).until(ms(9_000));
        assertThat(judge(history.add(outage(5_000, 5_100, 5_200)))).isEmpty();
    }

    @Test
    void faultThatStillLasts_countsToTheEnd() {
        History history = history(holderUntil(1_000), called("b", 500));
        history.add(new io.latchkey.chaos.history.Outage(
                "fault", 0, "something", ms(2_000), Long.MAX_VALUE, Long.MAX_VALUE, false, true));
        assertThat(judge(history)).isEmpty();
    }
}
