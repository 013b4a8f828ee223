package io.latchkey.chaos;

import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a run is to be like.
 *
 * @param time how long the nemesis is at work
 * @param seed what it does follows from this
 * @param workers how many processes there are
 * @param sessionTimeout the timeout of their sessions
 * @param faults the kinds to choose from; empty for all
 * @param bug the bug to put in, if any
 * @param leastFaults how many faults there must be, even if it takes longer
 */
record ChaosOptions(
        Duration time,
        long seed,
        int workers,
        Duration sessionTimeout,
        Optional<List<String>> faults,
        Optional<String> bug,
        int leastFaults) {
    static final String HELP = """
            Usage: ./chaos [--minutes N] [--seed S] [--workers N] [--timeout MS] [--faults A,B,...]
                   ./chaos --bug NAME | --bugs
                   ./chaos --list

            Worker processes take locks, timed leases, read/write locks, permits and offices from a PostgreSQL of its own,
            while a nemesis breaks the server, the network and the workers. Then a checker judges what all of them wrote down.

              --minutes N     how long the nemesis is at work; fractions are allowed (default: 3)
              --seed S        the faults, their victims and their lengths follow from it (default: random, and printed)
              --workers N     worker processes, 2 to 8 (default: 3)
              --timeout MS    session timeout, and grace period, 1000 to 60000 (default: 2000)
              --faults A,B    only these kinds; 'none' for none (default: all)
              --bug NAME      puts a known bug into the client or the database, and expects the checker to find it
              --bugs          all of them, one after the other
              --list          all kinds of faults and all bugs

            Exit codes: 0 nothing was found (with --bug: it was), 1 a violation (with --bug: none), 2 it could not run.
            PostgreSQL 18, or LATCHKEY_POSTGRES=15 ./chaos ... (15 to 18). See docs/chaos.md.
            """;

    /** What {@code ./test} runs. */
    static ChaosOptions standard(Duration time, long seed) {
        return new ChaosOptions(time, seed, 3, Duration.ofSeconds(2), Optional.empty(), Optional.empty(), 0);
    }

    static ChaosOptions parse(List<String> arguments) {
        ChaosOptions options =
                standard(Duration.ofMinutes(3), ThreadLocalRandom.current().nextLong(1, 1_000_000));
        for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
            String option = rest.next();
            if (!List.of("--minutes", "--seed", "--workers", "--timeout", "--faults", "--bug")
                    .contains(option)) {
                throw new ChaosException("there is no option " + option + "; see ./chaos --help");
            } else if (!rest.hasNext()) {
                throw new ChaosException(option + " needs a value; see ./chaos --help");
            }
            options = options.with(option, rest.next());
        }
        return options;
    }

    private ChaosOptions with(String option, String value) {
        try {
            return switch (option) {
                case "--minutes" -> withTime(minutes(value));
                case "--seed" ->
                    new ChaosOptions(time, Long.parseLong(value), workers, sessionTimeout, faults, bug, leastFaults);
                case "--workers" ->
                    new ChaosOptions(time, seed, within(value, 2, 8), sessionTimeout, faults, bug, leastFaults);
                case "--timeout" ->
                    new ChaosOptions(
                            time,
                            seed,
                            workers,
                            Duration.ofMillis(within(value, 1_000, 60_000)),
                            faults,
                            bug,
                            leastFaults);
                case "--faults" ->
                    new ChaosOptions(time, seed, workers, sessionTimeout, Optional.of(names(value)), bug, leastFaults);
                default ->
                    new ChaosOptions(time, seed, workers, sessionTimeout, faults, Optional.of(value), leastFaults);
            };
        } catch (NumberFormatException e) {
            throw new ChaosException(option + " needs a number, not '" + value + "'");
        }
    }

    ChaosOptions withLeastFaults(int least) {
        return new ChaosOptions(time, seed, workers, sessionTimeout, faults, bug, least);
    }

    ChaosOptions withTime(Duration other) {
        return new ChaosOptions(other, seed, workers, sessionTimeout, faults, bug, leastFaults);
    }

    private static List<String> names(String value) {
        return value.equals("none") ? List.of() : Arrays.asList(value.split(",", -1));
    }

    private static Duration minutes(String value) {
        double minutes = Double.parseDouble(value);
        if (!(minutes >= 0.1 && minutes <= 1_440)) {
            throw new ChaosException("--minutes takes 0.1 to 1440, not " + value);
        }
        return Duration.ofMillis((long) (minutes * 60_000));
    }

    private static int within(String value, int least, int most) {
        int number = Integer.parseInt(value);
        if (number < least || number > most) {
            throw new ChaosException("a value from " + least + " to " + most + " is needed, not " + value);
        }
        return number;
    }
}
