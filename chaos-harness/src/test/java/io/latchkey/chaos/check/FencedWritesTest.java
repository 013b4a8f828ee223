package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.MUTEX;
import static io.latchkey.chaos.check.Handmade.called;
import static io.latchkey.chaos.check.Handmade.committed;
import static io.latchkey.chaos.check.Handmade.held;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.ms;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Row;
import io.latchkey.chaos.history.Write;
import java.util.List;
import org.junit.jupiter.api.Test;

class FencedWritesTest {
    private static List<Violation> judge(History history) {
        return new FencedWrites().violations(history);
    }

    private static Row row(long id, long token, long place) {
        return new Row(id, MUTEX.id(), token, place);
    }

    @Test
    void writesInTheOrderOfTokens_areRight() {
        assertThat(judge(history().rows(List.of(row(1, 5, 1), row(2, 5, 2), row(3, 6, 3)))))
                .isEmpty();
    }

    @Test
    void writeWithALowerTokenAfterAHigherOne_isFound() {
        assertThat(judge(history().rows(List.of(row(2, 5, 2), row(1, 6, 1)))))
                .singleElement()
                .satisfies(violation -> assertThat(violation.sentence()).contains("token 5 (place 2)"));
    }

    @Test
    void commitAfterAnotherWasGranted_isFound() {
        Attempt stale = held("a", 1, 10, 2_000);
        History history = history(stale, held("b", 2, 100, 4_000)).add(committed(1, stale, 20, 101, 102));
        assertThat(judge(history)).singleElement().satisfies(violation -> {
            assertThat(violation.sentence()).contains("a committed", "token 1", "token 2");
            assertThat(violation.writes()).hasSize(1);
        });
    }

    @Test
    void commitThatWasSentBeforeAnotherWasSeenToBeGranted_isRight() {
        Attempt first = held("a", 1, 10, 2_000);
        History history =
                history(first, called("b", 15).granted(ms(101), 2, ms(4_000))).add(committed(1, first, 20, 100, 200));
        assertThat(judge(history)).as("its answer came late").isEmpty();
    }

    @Test
    void commitWhoseOutcomeIsUnknown_isNotJudged() {
        Attempt stale = held("a", 1, 10, 2_000);
        Write unknown = new Write(1, stale).fenced(ms(20)).committing(ms(101));
        assertThat(judge(history(stale, held("b", 2, 100, 4_000)).add(unknown))).isEmpty();
    }

    @Test
    void commitThatWasRefused_isRight() {
        Attempt stale = held("a", 1, 10, 2_000);
        Write refused = new Write(1, stale).fenced(ms(20)).ended(ms(102), Write.Outcome.ROLLED_BACK);
        assertThat(judge(history(stale, held("b", 2, 100, 4_000)).add(refused))).isEmpty();
    }

    @Test
    void commitAfterItsOwnRelease_isRightAsLongAsNobodyElseIsGranted() {
        Attempt early = Handmade.released(held("a", 1, 10, 2_000), 30, 31);
        assertThat(judge(history(early, held("b", 2, 100, 4_000)).add(committed(1, early, 20, 99, 100))))
                .isEmpty();
    }
}
