package io.latchkey.examples.demo;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/** The terminal: colours where there are any, plain characters where others do not arrive, 80 columns. Thread-safe. */
public final class Screen {
    /** Colours of the terminal's own palette, so that they suit its background; the plain blue is too dark for many. */
    public enum Ink {
        PLAIN("0"),
        BOLD("1"),
        DIM("2"),
        RED("31"),
        GREEN("32"),
        YELLOW("33"),
        BLUE("94"),
        MAGENTA("35"),
        CYAN("36");

        private final String code;

        Ink(String code) {
            this.code = code;
        }
    }

    private final PrintStream out;
    private final boolean colour;
    private final boolean unicode;
    private final long startedAt = System.nanoTime();

    Screen(PrintStream out, boolean colour, boolean unicode) {
        this.out = out;
        this.colour = colour;
        this.unicode = unicode;
    }

    /** As the script {@code demo} found the terminal. */
    public static Screen ofTerminal() {
        boolean unicode = Boolean.getBoolean("latchkey.demo.unicode");
        PrintStream out = new PrintStream(
                new FileOutputStream(FileDescriptor.out),
                true,
                unicode ? StandardCharsets.UTF_8 : StandardCharsets.US_ASCII);
        return new Screen(out, Boolean.getBoolean("latchkey.demo.colour"), unicode);
    }

    public boolean isInteractive() {
        return colour;
    }

    public String paint(Ink ink, String text) {
        return colour && ink != Ink.PLAIN ? "\u001b[" + ink.code + "m" + text + "\u001b[0m" : text;
    }

    /** One of two spellings, for terminals with and without Unicode. */
    public String sign(String rich, String plain) {
        return unicode ? rich : plain;
    }

    public void line(String text) {
        out.println(text);
    }

    public void heading(String text) {
        out.println();
        out.println(paint(Ink.BOLD, text));
    }

    /** A line of the time line, with the seconds since the demo began in front. */
    public void event(String text) {
        out.println(paint(Ink.DIM, String.format(Locale.ROOT, "%7.2f s", seconds())) + "  " + text);
    }

    /** Replaces the line on which the cursor stands, until the next text replaces it; only where there is a cursor. */
    void passing(String text) {
        if (colour) {
            out.print("\r\u001b[K" + text);
            out.flush();
        }
    }

    double seconds() {
        return (System.nanoTime() - startedAt) / 1e9;
    }

    /** Three digits that mean something. */
    public String time(Duration duration) {
        double micros = duration.toNanos() / 1e3;
        if (micros < 999.5) {
            return String.format(Locale.ROOT, "%.0f %s", micros, sign("µs", "us"));
        } else if (micros < 999_500) {
            return String.format(Locale.ROOT, micros < 9_950 ? "%.1f ms" : "%.0f ms", micros / 1e3);
        }
        return String.format(Locale.ROOT, "%.2f s", micros / 1e6);
    }

    static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
