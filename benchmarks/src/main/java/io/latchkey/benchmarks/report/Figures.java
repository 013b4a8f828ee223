package io.latchkey.benchmarks.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers for people. */
public final class Figures {
    private Figures() {}

    /** Three significant digits or all before the point (two of those below a hundredth), with commas between thousands. */
    public static String text(double value) {
        double size = Math.abs(value);
        if (Double.isNaN(value)) {
            return "";
        } else if (size == 0) {
            return "0";
        } else if (size < 0.01) {
            return new BigDecimal(value).round(new MathContext(2)).toPlainString();
        }
        return String.format(Locale.ROOT, size < 10 ? "%,.2f" : size < 100 ? "%,.1f" : "%,.0f", value);
    }
}
