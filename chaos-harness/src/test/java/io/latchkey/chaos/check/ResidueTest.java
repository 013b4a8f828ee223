package io.latchkey.chaos.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.history.History;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResidueTest {
    @Test
    void nothingLeft_isRight() {
        assertThat(Residue.violations(List.of(new Residue("rows in queues", 0, 0), new Residue("sessions", 3, 3)), 1))
                .isEmpty();
    }

    @Test
    void tooManyOrTooFew_areFound_eachByItsName() {
        assertThat(Residue.violations(List.of(new Residue("rows in queues", 2, 0), new Residue("sessions", 2, 3)), 1))
                .extracting(Violation::sentence)
                .containsExactly("rows in queues: 2 instead of 0", "sessions: 2 instead of 3");
    }

    @Test
    void surprise_isAViolation_andNoneIsNot() {
        assertThat(new NoSurprises().violations(new History())).isEmpty();
        assertThat(new NoSurprises().violations(new History().surprise("worker 1: NullPointerException")))
                .singleElement()
                .satisfies(violation -> assertThat(violation.sentence()).contains("NullPointerException"));
    }
}
