package io.latchkey.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.workloads.Workload;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchOptionsTest {
    @Test
    void nothing_measuresEverything() {
        BenchOptions options = BenchOptions.parse();
        assertThat(options.peers()).containsExactly(PeerKind.values());
        assertThat(options.workloads()).hasSize(8);
        assertThat(options.scale().rounds()).isEqualTo(5);
        assertThat(options.out()).isEqualTo(Path.of("docs/benchmarks"));
    }

    @Test
    void values_areTaken() {
        BenchOptions options = BenchOptions.parse(
                "--workloads",
                "hand-over,cost",
                "--peers",
                "curator,redisson",
                "--rounds",
                "7",
                "--seconds",
                "1.5",
                "--threads",
                "1,16",
                "--out",
                "elsewhere");
        assertThat(options.workloads()).extracting(Workload::id).containsExactly("hand-over", "cost");
        assertThat(options.scale().rounds()).isEqualTo(7);
        assertThat(options.scale().seconds()).isEqualTo(1.5);
        assertThat(options.scale().threads()).isEqualTo(List.of(1, 16));
        assertThat(options.out()).isEqualTo(Path.of("elsewhere"));
    }

    @Test
    void peers_alwaysIncludeLatchkey_forTheRatios() {
        assertThat(BenchOptions.parse("--peers", "curator").peers())
                .containsExactly(PeerKind.LATCHKEY, PeerKind.CURATOR);
    }

    @Test
    void quick_staysOutOfTheDocumentation() {
        assertThat(BenchOptions.parse("--quick").out()).isEqualTo(Path.of("benchmarks/target/quick"));
    }

    @Test
    void whatMakesNoSense_isRefusedWithItsName() {
        refused("--peers: there is no zookeeper", "--peers", "zookeeper");
        refused("--workloads: there is no hand-overs", "--workloads", "hand-overs");
        refused("--rounds: 0 is not a whole number from 1 to 1000", "--rounds", "0");
        refused("--seconds: fast is not a number from 0.05 to 600", "--seconds", "fast");
        refused("--threads: 1.5 is not a whole number from 1 to 512", "--threads", "1,1.5");
        refused("--out needs a value", "--out");
        refused("--out needs a value", "--out", "--quick", "--rounds");
        refused("there is no option --round", "--round", "1");
    }

    private static void refused(String message, String... arguments) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BenchOptions.parse(arguments))
                .withMessageStartingWith(message);
    }
}
