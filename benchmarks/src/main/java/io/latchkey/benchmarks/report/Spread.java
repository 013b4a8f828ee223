package io.latchkey.benchmarks.report;

import java.util.Arrays;
import java.util.Collection;

/** The median of some figures, the lowest and the highest. */
public record Spread(double median, double lowest, double highest) {
    static Spread of(Collection<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    /** The median, and the two ends where they differ. */
    public String text() {
        return text("");
    }

    /** The same with a unit behind the median. */
    public String text(String unit) {
        String ends = Figures.text(lowest) + " to " + Figures.text(highest);
        return Figures.text(median)
                + (unit.isEmpty() ? "" : " " + unit)
                + (lowest == highest ? "" : "  (" + ends + ")");
    }

    static double median(double... values) {
        return of(Arrays.stream(values).boxed().toList()).median;
    }
}
