package io.latchkey.chaos.check;

import static io.latchkey.chaos.check.Handmade.MUTEX;
import static io.latchkey.chaos.check.Handmade.committed;
import static io.latchkey.chaos.check.Handmade.held;
import static io.latchkey.chaos.check.Handmade.history;
import static io.latchkey.chaos.check.Handmade.lossy;
import static io.latchkey.chaos.check.Handmade.ms;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.Attempt;
import io.latchkey.chaos.history.History;
import io.latchkey.chaos.history.Row;
import io.latchkey.chaos.history.Write;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrueOutcomesTest {
    private static final List<Row> ROW_ONE = List.of(new Row(1, MUTEX.id(), 5, 1));

    private final Attempt holder = held("a", 5, 10, 2_000);

    private static List<Violation> judge(History history) {
        return new TrueOutcomes().violations(history);
    }

    @Test
    void confirmedWriteThatIsThere_isRight() {
        assertThat(judge(history(holder).add(committed(1, holder, 20, 30, 40)).rows(ROW_ONE)))
                .isEmpty();
    }

    @Test
    void confirmedWriteThatIsNotThere_isFound() {
        assertThat(judge(history(holder).add(committed(2, holder, 20, 30, 40)).rows(ROW_ONE)))
                .singleElement()
                .satisfies(violation -> assertThat(violation.sentence()).contains("not there"));
    }

    @Test
    void confirmedWriteDuringAFaultThatLosesCommits_isNotJudged_onesBeforeAndAfterItAre() {
        assertThat(judgeLostWrite(55)).isEmpty();
        assertThat(judgeLostWrite(40)).hasSize(1);
        assertThat(judgeLostWrite(90)).hasSize(1);
    }

    private List<Violation> judgeLostWrite(int endedAt) {
        return judge(history(holder)
                .add(committed(2, holder, endedAt - 20, endedAt - 10, endedAt))
                .add(lossy(50, 60))
                .rows(ROW_ONE));
    }

    @Test
    void writeThatWasRolledBack_andIsThere_isFound() {
        Write refused = new Write(1, holder).fenced(ms(20)).ended(ms(30), Write.Outcome.ROLLED_BACK);
        assertThat(judge(history(holder).add(refused).rows(ROW_ONE)))
                .singleElement()
                .satisfies(violation -> assertThat(violation.sentence()).contains("rolled back is there"));
    }

    @Test
    void writeWhoseOutcomeIsUnknown_mayBeThereOrNot() {
        Write there = new Write(1, holder).fenced(ms(20)).committing(ms(30));
        Write notThere = new Write(2, holder).fenced(ms(40)).committing(ms(50));
        assertThat(judge(history(holder).add(there).add(notThere).rows(ROW_ONE)))
                .isEmpty();
    }

    @Test
    void tableThatWasNotRead_isNotJudged() {
        assertThat(judge(history(holder).add(committed(2, holder, 20, 30, 40)))).isEmpty();
    }
}
