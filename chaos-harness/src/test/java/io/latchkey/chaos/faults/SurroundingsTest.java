package io.latchkey.chaos.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SurroundingsTest {
    private static final FaultKind PLAIN = new FaultKind("plain", (world, random) -> {
        throw new AssertionError();
    });
    private static final FaultKind POOLED = new FaultKind("pooled", Need.POOLER, PLAIN.aim());

    @Test
    void needThatNoKindHas_isNotMade() {
        try (Surroundings surroundings = new Surroundings(List.of(PLAIN))) {
            String made = surroundings.provided(Need.POOLER, () -> {
                throw new AssertionError("made");
            });
            assertThat(made).isNull();
            assertThat(surroundings.possible(List.of(PLAIN))).containsExactly(PLAIN);
            assertThat(surroundings.missing(List.of(PLAIN))).isEmpty();
        }
    }

    @Test
    void needThatTheMachineCannotMeet_leavesItsKindsOut_andSaysWhy() {
        List<FaultKind> kinds = List.of(PLAIN, POOLED);
        try (Surroundings surroundings = new Surroundings(kinds)) {
            assertThat(surroundings.possible(kinds)).isEqualTo(kinds);
            String made = surroundings.provided(Need.POOLER, () -> {
                throw new TestAbortedException("needs: a pooler");
            });
            assertThat(made).isNull();
            assertThat(surroundings.possible(kinds)).containsExactly(PLAIN);
            assertThat(surroundings.missing(kinds)).containsExactly("pooled is left out: needs: a pooler");
        }
    }

    @Test
    void needThatIsMet_isThere() {
        try (Surroundings surroundings = new Surroundings(List.of(POOLED))) {
            assertThat(surroundings.provided(Need.POOLER, () -> "pooler")).isEqualTo("pooler");
            assertThat(surroundings.possible(List.of(POOLED))).containsExactly(POOLED);
        }
    }
}
