package io.latchkey.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.chaos.bugs.SeededBug;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The controls of {@link ChaosRunTest}: with a known bug the same run finds a violation, and the right one. */
class SeededBugTest {
    /** A run ends when its bug is found: long before this, unless the machine is very slow. */
    private static final Duration PATIENCE = Duration.ofMinutes(6);

    static Stream<String> bugs() {
        return SeededBug.all().stream().map(SeededBug::name);
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void bug_isFound(String name) throws Exception {
        SeededBug bug = SeededBug.named(name);
        List<String> log = new ArrayList<>();
        ChaosRun.Verdict verdict = new ChaosRun(ChaosMain.options(bug).withTime(PATIENCE), log::add).run();
        assertThat(verdict.finds(bug))
                .as(() -> "found " + verdict.violations() + " under " + String.join("\n", log))
                .isTrue();
    }

    @Test
    void bugs_areAtLeastEight_withNamesAndSeedsOfTheirOwn() {
        assertThat(SeededBug.all()).hasSizeGreaterThanOrEqualTo(8);
        assertThat(SeededBug.all()).extracting(SeededBug::name).doesNotHaveDuplicates();
        assertThat(SeededBug.all()).extracting(bug -> bug.run().seed()).doesNotHaveDuplicates();
    }
}
