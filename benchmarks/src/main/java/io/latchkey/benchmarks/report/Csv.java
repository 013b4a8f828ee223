package io.latchkey.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Figures as files: one per workload, one line per figure, with commas; texts that have one are in quotes. */
public final class Csv {
    private static final String HEAD = "workload,setting,peer,round,metric,unit,value";

    private Csv() {}

    /** Writes the figures of a workload. */
    public static void write(Path file, List<Sample> samples) throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEAD));
        for (Sample sample : samples) {
            lines.add(String.join(
                    ",",
                    sample.workload(),
                    quoted(sample.setting()),
                    sample.peer(),
                    Integer.toString(sample.round()),
                    sample.metric().id(),
                    quoted(sample.metric().unit()),
                    Double.toString(sample.value())));
        }
        Files.write(file, lines);
    }

    /** Reads what {@link #write} wrote. */
    public static List<Sample> read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.get(0).equals(HEAD)) {
            throw new IOException(file + " does not begin with " + HEAD);
        }
        List<Sample> samples = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            List<String> fields = fields(line);
            if (fields.size() != 7) {
                throw new IOException(file + " has a line with " + fields.size() + " fields: " + line);
            }
            samples.add(new Sample(
                    fields.get(0),
                    fields.get(1),
                    fields.get(2),
                    Integer.parseInt(fields.get(3)),
                    Metric.of(fields.get(4)),
                    Double.parseDouble(fields.get(6))));
        }
        return samples;
    }

    static String quoted(String text) {
        return text.contains(",") || text.contains("\"") ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
    }

    static List<String> fields(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                if (quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
                    field.append(c);
                    i++;
                } else {
                    quoted = !quoted;
                }
            } else if (c == ',' && !quoted) {
                fields.add(field.toString());
                field.setLength(0);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }
}
