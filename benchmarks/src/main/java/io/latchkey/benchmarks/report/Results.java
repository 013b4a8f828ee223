package io.latchkey.benchmarks.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleBinaryOperator;
import java.util.function.Function;

/** All figures of a run, and what follows from them. For one thread. */
public final class Results {
    private final List<Sample> samples = new ArrayList<>();

    /** Adds a figure; one that is not a number was not counted, and is left out. */
    public void add(Sample sample) {
        if (!Double.isNaN(sample.value())) {
            samples.add(sample);
        }
    }

    /** Adds figures. */
    public void addAll(Collection<Sample> more) {
        more.forEach(this::add);
    }

    /** The figures of one workload. */
    public List<Sample> of(String workload) {
        return samples.stream().filter(s -> s.workload().equals(workload)).toList();
    }

    /** The variants of a workload, in the order in which they were measured. */
    public Set<String> settings(String workload) {
        return distinct(workload, Sample::setting);
    }

    /** Who took part in a workload. */
    public Set<String> peers(String workload) {
        return distinct(workload, Sample::peer);
    }

    private Set<String> distinct(String workload, Function<Sample, String> of) {
        Set<String> values = new LinkedHashSet<>();
        of(workload).forEach(sample -> values.add(of.apply(sample)));
        return values;
    }

    /** Figures by round. */
    public Map<Integer, Double> rounds(String workload, String setting, String peer, Metric metric) {
        Map<Integer, Double> rounds = new TreeMap<>();
        for (Sample sample : samples) {
            if (sample.workload().equals(workload)
                    && sample.setting().equals(setting)
                    && sample.peer().equals(peer)
                    && sample.metric() == metric) {
                rounds.put(sample.round(), sample.value());
            }
        }
        return rounds;
    }

    /** Median, lowest and highest; empty if there are none. */
    public Optional<Spread> spread(String workload, String setting, String peer, Metric metric) {
        Map<Integer, Double> rounds = rounds(workload, setting, peer, metric);
        return rounds.isEmpty() ? Optional.empty() : Optional.of(Spread.of(rounds.values()));
    }

    /** How many times better one peer is than another, round by round. */
    public Optional<Spread> timesBetter(String workload, String setting, String one, String other, Metric metric) {
        return ratios(
                rounds(workload, setting, one, metric), rounds(workload, setting, other, metric), metric::timesBetter);
    }

    /** What one of a peer's turns costs in one variant, as a multiple of what it costs in another, round by round. */
    public Optional<Spread> growth(String workload, String first, String last, String peer, Metric metric) {
        return ratios(rounds(workload, first, peer, metric), rounds(workload, last, peer, metric), metric::timesBetter);
    }

    private static Optional<Spread> ratios(
            Map<Integer, Double> ones, Map<Integer, Double> others, DoubleBinaryOperator ratio) {
        List<Double> ratios = new ArrayList<>();
        ones.forEach((round, value) -> {
            Double theirs = others.get(round);
            if (theirs != null && theirs != 0 && value != 0) {
                ratios.add(ratio.applyAsDouble(value, theirs));
            }
        });
        return ratios.isEmpty() ? Optional.empty() : Optional.of(Spread.of(ratios));
    }
}
