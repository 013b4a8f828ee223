package io.latchkey.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every state of the models keeps the properties; each variant without one guard has a state, or an execution, that breaks one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ModelTest {
    private final List<String> table = new ArrayList<>();

    @BeforeAll
    void spin() {
        Spin.require();
    }

    @AfterAll
    void write() throws IOException {
        if (!table.isEmpty()) {
            Files.write(Path.of("target", "model-results.md"), table);
        }
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "lease, DRIFT",
        "lease, CRASHES=1 END=3 NO_LOSS",
        "lease, CRASHES=1 END=2",
        "lease, FENCES END=3",
        "lease, FENCES CRASHES=1 END=2 NO_LOSS",
        "permits, ''",
    })
    void model_inEveryState_keepsItsProperties(String model, String options) {
        Spin.Result result = checked(model, options, Spin.assertions(model, options));
        assertThat(result.wrong()).isEmpty();
        assertThat(result.states()).as("there is something to look at").isGreaterThan(100);
    }

    @ParameterizedTest(name = "{0} without its guard: {1}")
    @CsvSource({
        "lease, NO_MARGIN, DRIFT, has",
        "lease, DEADLINE_FROM_ANSWER, DRIFT, has",
        "lease, CLIENT_CLOCK, DRIFT, has",
        "lease, NO_GRACE, CRASHES=1 END=3 NO_LOSS EXCLUSIVE_ONLY, has",
        "lease, NO_GRACE, CRASHES=1 END=3 NO_LOSS, token>top",
        "lease, SESSION_SURVIVES, CRASHES=1 END=3 NO_LOSS EXCLUSIVE_ONLY, has",
        "lease, COUNTER_TOKENS, CRASHES=1 END=3 NO_LOSS, token>top",
        "lease, NO_FENCE, FENCES END=3 NO_LOSS, fence_token",
        "lease, FENCE_UNLOCKED, FENCES END=3 NO_LOSS, fence_token",
        "permits, NO_COUNT, '', believes",
        "permits, NO_GRACE, '', believes",
        "permits, NO_SUM_AT_RESUME, '', believes",
        "permits, FENCE_IGNORED, '', believes",
    })
    void variant_withoutOneGuard_isRefuted(String model, String variant, String options, String property) {
        String all = (options + " " + variant).strip();
        assertThat(checked(model, all, Spin.assertions(model, all)).wrong()).contains("assertion violated", property);
    }

    @ParameterizedTest(name = "wake-ups {0}")
    @CsvSource({"''", "BACKSTOP"})
    void waiter_isServedInEveryFairExecution(String options) {
        Spin.Result result = checked("handover", options, Spin.liveness("handover", options));
        assertThat(result.wrong()).isEmpty();
        assertThat(result.states()).as("there is something to look at").isGreaterThan(100);
    }

    @ParameterizedTest(name = "wake-ups {1} {0}")
    @CsvSource({
        "NO_RECHECK, '', acceptance cycle",
        "NO_REREAD, '', acceptance cycle",
        "NOTIFY_BEFORE_COMMIT, '', held",
        "NO_RENEWED_GRANTS, BACKSTOP, acceptance cycle",
        "NO_LOOK, BACKSTOP, acceptance cycle",
        "NO_WITHDRAW, BACKSTOP, acceptance cycle",
    })
    void wakeUp_withoutOneGuard_isLost(String variant, String options, String property) {
        String all = (options + " " + variant).strip();
        assertThat(checked("handover", all, Spin.liveness("handover", all)).wrong())
                .contains(property);
    }

    /** A variant that nobody tries is a guard that nobody has seen missing. */
    @Test
    void everyVariantThatAModelNames_isTried() throws IOException {
        String tests = Files.readString(Path.of("src", "test", "java", "io", "latchkey", "model", "ModelTest.java"));
        for (String model : new String[] {"lease", "permits", "handover"}) {
            String text = Files.readString(Path.of("src", "main", "promela", model + ".pml"));
            Set<String> variants = new TreeSet<>();
            var matcher = Pattern.compile("#ifn?def (\\w+)").matcher(text);
            while (matcher.find()) {
                variants.add(matcher.group(1));
            }
            variants.removeAll(Set.of("T", "END"));
            assertThat(variants)
                    .isNotEmpty()
                    .allSatisfy(variant -> assertThat(tests).contains(variant));
        }
    }

    private Spin.Result checked(String model, String options, Spin.Result result) {
        assertThat(result.complete()).as("all states were looked at").isTrue();
        table.add("| `" + model + "` | " + (options.isEmpty() ? "" : "`" + options + "`") + " | "
                + (result.wrong().isEmpty() ? "holds" : "refuted") + " | " + result.states() + " |");
        return result;
    }
}
