package io.latchkey.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {
    @TempDir
    Path directory;

    private final Results results = new Results();

    private void add(String peer, Metric metric, double... values) {
        for (int i = 0; i < values.length; i++) {
            results.add(new Sample("w", "s", peer, i + 1, metric, values[i]));
        }
    }

    /** The machine became three times as fast for one round: that changes no ratio. The ratio of the medians would be 2.5. */
    @Test
    void timesBetter_isMadeWithinARound() {
        add("one", Metric.PAIRS, 200, 600, 500);
        add("other", Metric.PAIRS, 100, 300, 200);
        Spread times =
                results.timesBetter("w", "s", "one", "other", Metric.PAIRS).orElseThrow();
        assertThat(times.median()).isEqualTo(2);
        assertThat(times.lowest()).isEqualTo(2);
        assertThat(times.highest()).isEqualTo(2.5);
    }

    @Test
    void timesBetter_whereLessIsBetter_isTheOtherWayRound() {
        add("one", Metric.MEDIAN, 100);
        add("other", Metric.MEDIAN, 300);
        assertThat(results.timesBetter("w", "s", "one", "other", Metric.MEDIAN))
                .hasValueSatisfying(times -> assertThat(times.median()).isEqualTo(3));
    }

    @Test
    void timesBetter_withoutACommonRound_isUnknown() {
        results.add(new Sample("w", "s", "one", 1, Metric.PAIRS, 1));
        results.add(new Sample("w", "s", "other", 2, Metric.PAIRS, 1));
        assertThat(results.timesBetter("w", "s", "one", "other", Metric.PAIRS)).isEmpty();
    }

    @Test
    void growth_isWhatItCostsMore() {
        results.add(new Sample("w", "small", "one", 1, Metric.PAIRS, 1_200));
        results.add(new Sample("w", "large", "one", 1, Metric.PAIRS, 1_000));
        assertThat(results.growth("w", "small", "large", "one", Metric.PAIRS))
                .hasValueSatisfying(times -> assertThat(times.median()).isCloseTo(1.2, within(1e-9)));
    }

    @Test
    void whatWasNotCounted_isLeftOut() {
        add("one", Metric.LOG_BYTES, Double.NaN, 7);
        assertThat(results.rounds("w", "s", "one", Metric.LOG_BYTES)).hasSize(1).containsEntry(2, 7.0);
    }

    @Test
    void median_ofAnEvenNumber_isBetweenTheMiddleTwo() {
        assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(new Spread(2.5, 1, 4));
    }

    @Test
    void csv_comesBackAsItWas() throws IOException {
        List<Sample> samples = List.of(
                new Sample("w", "8 threads, \"1\" client", "one", 1, Metric.PAIRS, 1.0 / 3),
                new Sample("w", "plain", "other", 2, Metric.KILLED, 0));
        Path file = directory.resolve("w.csv");
        Csv.write(file, samples);
        assertThat(Csv.read(file)).isEqualTo(samples);
    }

    @Test
    void csv_thatWasCutOff_isRefused() throws IOException {
        Path file = Files.writeString(
                directory.resolve("w.csv"), "workload,setting,peer,round,metric,unit,value\nw,s,one,1,pairs\n");
        assertThatThrownBy(() -> Csv.read(file)).isInstanceOf(IOException.class).hasMessageContaining("5 fields");
    }

    @Test
    void figures_areShortAndAlike() {
        assertThat(List.of(0.0, 0.00123, 0.5, 9.994, 42.0, 1234.5, 1e6, 1234567.0))
                .extracting(Figures::text)
                .containsExactly("0", "0.0012", "0.50", "9.99", "42.0", "1,235", "1,000,000", "1,234,567");
    }

    @Test
    void target_isMet_bySpreadsOnItsSide() {
        Target target = Target.ALL.get(0);
        assertThat(target.atLeast()).isTrue();
        assertThat(target.isMetBy(new Spread(target.limit(), 0, 9))).isTrue();
        assertThat(target.isMetBy(new Spread(target.limit() - 0.01, 0, 9))).isFalse();
    }

    @Test
    void targets_findTheirFigures() {
        // The names of variants are written down twice: here all of them have to fit
        for (String peer : List.of("latchkey", "spring", "shedlock", "curator", "etcd", "redisson", "updates")) {
            for (String setting : List.of("1 thread, 1 client", "8 threads, 1 client")) {
                results.add(new Sample("uncontended", setting, peer, 1, Metric.PAIRS, 1));
            }
        }
        for (String peer : List.of("latchkey", "spring", "curator", "redisson", "advisory")) {
            results.add(new Sample("hand-over", "8 clients", peer, 1, Metric.HAND_OVERS, 1));
            results.add(new Sample("hand-over", "8 clients", peer, 1, Metric.MEDIAN, 1));
        }
        assertThat(Target.table(results).rows()).hasSize(13);
    }
}
