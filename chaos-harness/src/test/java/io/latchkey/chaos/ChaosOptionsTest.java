package io.latchkey.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.chaos.bugs.SeededBug;
import io.latchkey.chaos.faults.Catalog;
import io.latchkey.chaos.faults.FaultKind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChaosOptionsTest {
    private static ChaosOptions parse(String... arguments) {
        return ChaosOptions.parse(List.of(arguments));
    }

    @Test
    void parse_withoutArguments_isThreeMinutesOfEverything() {
        ChaosOptions options = parse();
        assertThat(options.time()).isEqualTo(Duration.ofMinutes(3));
        assertThat(options.workers()).isEqualTo(3);
        assertThat(options.faults()).isEmpty();
        assertThat(options.bug()).isEmpty();
    }

    @Test
    void parse_readsAll() {
        ChaosOptions options = parse(
                "--minutes",
                "0.5",
                "--seed",
                "-7",
                "--workers",
                "4",
                "--timeout",
                "3000",
                "--faults",
                "net-reset,failover");
        assertThat(options.time()).isEqualTo(Duration.ofSeconds(30));
        assertThat(options.seed()).isEqualTo(-7);
        assertThat(options.workers()).isEqualTo(4);
        assertThat(options.sessionTimeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(options.faults()).contains(List.of("net-reset", "failover"));
        assertThat(parse("--faults", "none").faults()).contains(List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "--minutes, x, needs a number",
        "--minutes, NaN, 0.1 to 1440",
        "--minutes, 0, 0.1 to 1440",
        "--seed, 1.5, needs a number",
        "--workers, 1, from 2 to 8",
        "--timeout, 100, from 1000 to 60000",
        "--hours, 1, no option --hours"
    })
    void parse_ofWhatMakesNoSense_saysWhat(String option, String value, String message) {
        assertThatThrownBy(() -> parse(option, value))
                .isInstanceOf(ChaosException.class)
                .hasMessageContaining(message);
    }

    @Test
    void parse_ofAnOptionWithoutItsValue_saysSo() {
        assertThatThrownBy(() -> parse("--seed")).hasMessageContaining("needs a value");
    }

    @Test
    void unknownFaultsAndBugs_areNamedWithThoseThatThereAre() {
        assertThatThrownBy(() -> Catalog.named(List.of("net-rest")))
                .hasMessageContaining("'net-rest'")
                .hasMessageContaining("net-reset");
        assertThatThrownBy(() -> SeededBug.named("no-grace"))
                .hasMessageContaining("'no-grace'")
                .hasMessageContaining("no-grace-period");
    }

    @Test
    void catalog_hasTwentyKinds_withNamesOfTheirOwn() {
        assertThat(Catalog.all())
                .hasSizeGreaterThanOrEqualTo(20)
                .extracting(FaultKind::name)
                .doesNotHaveDuplicates();
    }
}
