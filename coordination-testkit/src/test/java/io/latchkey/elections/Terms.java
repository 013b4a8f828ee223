package io.latchkey.elections;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** What {@link CandidateWorker}s said, and whether it can be true of one office. Times are of the one monotonic clock of the machine. */
final class Terms {
    /** For how long somebody was sure to lead. */
    private record Span(String worker, long from, long until) {}

    private final Map<Long, Span> spans = new TreeMap<>();
    private final Map<Long, Long> electedAt = new TreeMap<>();
    private final List<String> wrong = new ArrayList<>();

    /** Reads all that a worker has said. */
    void read(String worker, List<String> lines) {
        for (String line : lines) {
            String[] words = line.split(" ");
            if (words[0].equals("valid")) {
                led(worker, Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
            } else if (words[0].equals("elected")) {
                electedAt.put(Long.parseLong(words[1]), Long.parseLong(words[2]));
            }
        }
    }

    void led(String worker, long term, long from, long until) {
        Span before = spans.get(term);
        if (before != null && !before.worker().equals(worker)) {
            wrong.add("term " + term + " of " + before.worker() + " and of " + worker);
        }
        spans.put(term, new Span(worker, before == null ? from : Math.min(from, before.from()), until));
    }

    /** Two leaders at one moment, a term of two workers, or a higher term that came before a lower one. */
    List<String> wrong() {
        List<String> all = new ArrayList<>(wrong);
        Map.Entry<Long, Span> before = null;
        for (Map.Entry<Long, Span> next : spans.entrySet()) {
            if (before != null && next.getValue().from() <= before.getValue().until()) {
                all.add("term " + before.getKey() + " " + before.getValue() + ", and term " + next.getKey() + " "
                        + next.getValue());
            }
            before = next;
        }
        return all;
    }

    int size() {
        return spans.size();
    }

    /** When the next leader after this term was told. */
    OptionalLong nextElectedAt(long term) {
        return electedAt.entrySet().stream()
                .filter(entry -> entry.getKey() > term)
                .mapToLong(Map.Entry::getValue)
                .findFirst();
    }
}
