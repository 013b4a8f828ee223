package io.latchkey.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A table, for the terminal or for a page.
 *
 * @param title above it; may be empty
 * @param head one text per column; the first column is a name, the others are figures
 * @param rows as many texts each
 */
public record Table(String title, List<String> head, List<List<String>> rows) {
    public Table {
        head = List.copyOf(head);
        rows = List.copyOf(rows);
    }

    /** With columns as wide as they need to be. */
    public List<String> lines() {
        int[] widths = new int[head.size()];
        List<List<String>> all = new ArrayList<>(rows);
        all.add(0, head);
        for (List<String> row : all) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : all) {
            StringBuilder line = new StringBuilder("  ");
            for (int i = 0; i < widths.length; i++) {
                String cell = row.get(i);
                line.append(i == 0 ? cell + " ".repeat(widths[i] - cell.length()) : "   " + pad(cell, widths[i]));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /** Medians stand one below the other, whatever comes after them. */
    private static String pad(String cell, int width) {
        return cell + " ".repeat(width - cell.length());
    }

    /** In Markdown. */
    public List<String> markdown() {
        List<String> lines = new ArrayList<>();
        if (!title.isEmpty()) {
            lines.add("### " + title);
            lines.add("");
        }
        lines.add("| " + String.join(" | ", head) + " |");
        lines.add("|---" + "|--:".repeat(head.size() - 1) + "|");
        rows.forEach(row -> lines.add("| " + String.join(" | ", row) + " |"));
        lines.add("");
        return lines;
    }
}
