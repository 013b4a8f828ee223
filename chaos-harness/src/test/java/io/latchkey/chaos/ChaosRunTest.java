package io.latchkey.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.check.Violation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Three minutes of everything, from one seed. What happens differs from machine to machine; what must not happen does not. */
class ChaosRunTest {
    private static final long SEED = 20_261_121;
    private static final int LEAST_FAULTS = 30;
    private static final int LEAST_KINDS = 12;

    @Test
    void threeMinutes_ofAllKindsOfFaults_violateNothing() throws Exception {
        List<String> log = new ArrayList<>();
        ChaosOptions options =
                ChaosOptions.standard(Duration.ofMinutes(3), SEED).withLeastFaults(LEAST_FAULTS);
        ChaosRun.Verdict verdict = new ChaosRun(options, log::add).run();
        Figures figures = verdict.figures();
        System.out.printf(
                "chaos: %,d operations, %,d grants, %d faults of %d kinds, %d violations%n",
                figures.operations(),
                figures.grants(),
                figures.faults(),
                figures.kinds(),
                verdict.violations().size());
        assertThat(verdict.violations()).as(() -> story(verdict, log)).isEmpty();
        assertThat(figures.faults()).isGreaterThanOrEqualTo(LEAST_FAULTS);
        assertThat(figures.kinds()).isGreaterThanOrEqualTo(LEAST_KINDS);
        // Enough to be worth judging, on the slowest machine.
        assertThat(figures.grants()).isGreaterThan(5_000);
        assertThat(figures.queued()).isGreaterThan(500);
        assertThat(figures.writes()).isGreaterThan(100);
    }

    private static String story(ChaosRun.Verdict verdict, List<String> log) {
        if (verdict.violations().isEmpty()) {
            return "no violations";
        }
        Violation shortest = StoryTeller.shortest(verdict.violations());
        return shortest.property() + ": " + shortest.sentence() + "\n"
                + String.join("\n", new StoryTeller(verdict.history(), verdict.startedAt()).tell(shortest))
                + "\nfaults:\n" + String.join("\n", log) + "\n";
    }
}
