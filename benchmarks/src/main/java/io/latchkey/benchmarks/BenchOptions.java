package io.latchkey.benchmarks;

import io.latchkey.benchmarks.peers.PeerKind;
import io.latchkey.benchmarks.workloads.Scale;
import io.latchkey.benchmarks.workloads.Workload;
import io.latchkey.benchmarks.workloads.Workloads;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the command line asks for.
 *
 * @param help only say what is possible
 * @param reportOnly measure nothing, write tables and pictures from the CSV files
 * @param scale how much of everything
 * @param peers who takes part
 * @param workloads what is done
 * @param out where files go
 */
record BenchOptions(
        boolean help, boolean reportOnly, Scale scale, List<PeerKind> peers, List<Workload> workloads, Path out) {
    private static final List<PeerKind> OF_THE_DATABASE_ALONE =
            List.of(PeerKind.LATCHKEY, PeerKind.ADVISORY, PeerKind.UPDATES_FLUSHED, PeerKind.UPDATES);

    static final String HELP = """
            Measures Latchkey beside what a user would pick instead, in one run on this machine.

              ./bench                        everything, in about 20 minutes; writes docs/benchmarks
              ./bench --workloads hand-over  one workload
              ./bench --quick                only to see that it works: a minute, no peers

              --workloads A,B   of: %s
              --peers A,B       of: %s
                                Latchkey always takes part
              --rounds N        how often each figure is taken, 1 to 1000 (5)
              --seconds S       how long for, 0.05 to 600 (0.8)
              --threads N,M     numbers of threads that take free locks, 1 to 512 (1,8,64)
              --out DIRECTORY   where CSV files, pictures and results.md go (docs/benchmarks;
                                with --quick: benchmarks/target/quick)
              --report          measures nothing; tables and pictures from the CSV files in that directory
              --help            this

            PostgreSQL 18 comes with the build; LATCHKEY_POSTGRES=15 chooses another one. Redis and etcd are
            Debian packages, which root installs when they are missing; without them their peers are left out.
            All servers listen on 127.0.0.1 only, and end with this program.
            """.formatted(
                    Workloads.ALL.stream().map(Workload::id).collect(Collectors.joining(", ")),
                    Arrays.stream(PeerKind.values()).map(PeerKind::id).collect(Collectors.joining(", ")));

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException if it makes no sense; the message says why
     */
    static BenchOptions parse(String... arguments) {
        Deque<String> rest = new ArrayDeque<>(List.of(arguments));
        boolean quick = rest.remove("--quick");
        boolean report = rest.remove("--report");
        boolean help = rest.remove("--help") || rest.remove("-h");
        Scale scale = quick ? Scale.quick() : Scale.full();
        List<PeerKind> peers = quick ? OF_THE_DATABASE_ALONE : List.of(PeerKind.values());
        List<Workload> workloads = Workloads.ALL;
        Path out = Path.of(quick ? "benchmarks/target/quick" : "docs/benchmarks");
        while (!rest.isEmpty()) {
            String option = rest.remove();
            switch (option) {
                case "--workloads" -> workloads = each(option, rest, id -> known(option, id, Workloads.of(id)));
                case "--peers" -> peers = withOurs(each(option, rest, id -> known(option, id, PeerKind.of(id))));
                case "--rounds" -> scale = scale.withRounds(number(option, value(option, rest), 1, 1_000));
                case "--seconds" -> scale = scale.withSeconds(seconds(option, value(option, rest)));
                case "--threads" -> scale = scale.withThreads(each(option, rest, text -> number(option, text, 1, 512)));
                case "--out" -> out = Path.of(value(option, rest));
                default -> throw new IllegalArgumentException("there is no option " + option + "; see --help");
            }
        }
        return new BenchOptions(help, report, scale, peers, workloads, out);
    }

    private static String value(String option, Deque<String> rest) {
        String value = rest.poll();
        if (value == null || value.isBlank() || value.startsWith("--")) {
            throw new IllegalArgumentException(option + " needs a value; see --help");
        }
        return value;
    }

    private static <T> List<T> each(String option, Deque<String> rest, Function<String, T> of) {
        return Arrays.stream(value(option, rest).split(",", -1))
                .map(String::strip)
                .distinct()
                .map(of)
                .toList();
    }

    private static <T> T known(String option, String id, Optional<T> found) {
        return found.orElseThrow(() -> new IllegalArgumentException(option + ": there is no " + id + "; see --help"));
    }

    /** Ratios need it. */
    private static List<PeerKind> withOurs(List<PeerKind> chosen) {
        List<PeerKind> all = new ArrayList<>(chosen);
        all.remove(PeerKind.LATCHKEY);
        all.add(0, PeerKind.LATCHKEY);
        return List.copyOf(all);
    }

    private static int number(String option, String text, int lowest, int highest) {
        try {
            int number = Integer.parseInt(text);
            if (number >= lowest && number <= highest) {
                return number;
            }
        } catch (NumberFormatException notOne) {
            // Said below.
        }
        throw new IllegalArgumentException(
                option + ": " + text + " is not a whole number from " + lowest + " to " + highest);
    }

    private static double seconds(String option, String text) {
        try {
            double seconds = Double.parseDouble(text);
            if (seconds >= 0.05 && seconds <= 600) {
                return seconds;
            }
        } catch (NumberFormatException notOne) {
            // Said below.
        }
        throw new IllegalArgumentException(option + ": " + text + " is not a number from 0.05 to 600");
    }
}
