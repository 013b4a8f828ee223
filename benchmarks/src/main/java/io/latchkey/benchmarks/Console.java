package io.latchkey.benchmarks;

import io.latchkey.benchmarks.report.Table;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Where a person watches: tables stay, what is being done now is overwritten. Colours only on a terminal. */
final class Console {
    private static final int WIDTH = 100;

    private final PrintStream out;
    private final boolean terminal;
    private boolean passing;

    Console(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    static Console ofThisProcess() {
        return new Console(
                new PrintStream(System.out, true, StandardCharsets.UTF_8),
                Boolean.getBoolean("latchkey.bench.terminal"));
    }

    /** Says what is being done now; only where it can be overwritten. */
    void passing(String what) {
        if (terminal) {
            String text = what.length() > WIDTH ? what.substring(0, WIDTH) : what;
            out.print("\r\033[2K\033[2m" + text + "\033[0m");
            out.flush();
            passing = true;
        }
    }

    void line(String text) {
        if (passing) {
            out.print("\r\033[2K");
            passing = false;
        }
        out.println(text);
    }

    void title(String text) {
        line("");
        line(terminal ? "\033[1m" + text + "\033[0m" : text);
    }

    void note(String text) {
        line(terminal ? "\033[33m! " + text + "\033[0m" : "! " + text);
    }

    void table(Table table) {
        title(table.title());
        boolean head = true;
        for (String row : table.lines()) {
            String ours = row.strip();
            if (terminal && head) {
                line("\033[2m" + row + "\033[0m");
            } else if (terminal && (ours.equals("Latchkey") || ours.startsWith("Latchkey "))) {
                line("\033[36m" + row + "\033[0m");
            } else {
                line(row);
            }
            head = false;
        }
    }
}
