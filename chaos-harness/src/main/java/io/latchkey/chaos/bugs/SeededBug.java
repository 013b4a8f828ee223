package io.latchkey.chaos.bugs;

import io.latchkey.Durability;
import io.latchkey.chaos.faults.Cluster;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;

/**
 * A bug that is put in on purpose, and the run in which it is found.
 *
 * @param name its name
 * @param sentence what is wrong then
 * @param properties what may be violated: one of these
 * @param run the run
 * @param sql changes in the database
 * @param sources changes in the client
 */
public record SeededBug(
        String name, String sentence, List<String> properties, Run run, List<SqlPatch> sql, List<SourcePatch> sources) {
    /**
     * The run in which a bug is found.
     *
     * @param seed its seed
     * @param faults the kinds of faults
     * @param sessionTimeout the timeout of sessions
     * @param durability whether commits wait for the disk
     */
    public record Run(long seed, List<String> faults, Duration sessionTimeout, Durability durability) {
        static Run of(long seed, String... faults) {
            return new Run(seed, List.of(faults), Duration.ofSeconds(2), Durability.AUTO);
        }

        Run withTimeout(int seconds) {
            return new Run(seed, faults, Duration.ofSeconds(seconds), durability);
        }

        Run flushed() {
            return new Run(seed, faults, sessionTimeout, Durability.FLUSHED);
        }
    }

    /** All there are. */
    public static List<SeededBug> all() {
        return Bugs.ALL;
    }

    /**
     * Runs like those of the bugs that need the backstop to be off, with nothing wrong but that: in them nothing is found.
     */
    public static List<SeededBug> controls() {
        return Bugs.CONTROLS;
    }

    /**
     * By its name, controls as well.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static SeededBug named(String name) {
        return java.util.stream.Stream.concat(all().stream(), controls().stream())
                .filter(bug -> bug.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no bug '" + name + "'; there are: "
                        + all().stream().map(SeededBug::name).toList()));
    }

    /** Whether it is seen only when nothing else is wrong. */
    public boolean needsCalm() {
        return properties.contains("no lost wake-up");
    }

    /** Puts its changes into the database. */
    public void patch(Cluster cluster) throws SQLException {
        for (SqlPatch patch : sql) {
            patch.apply(cluster);
        }
    }

    /** Compiles its changes of the client. Returns what is to stand first on the class path, or an empty string. */
    public String compile(Path directory) {
        return sources.isEmpty() ? "" : SourcePatch.compile(sources, directory).toString();
    }
}
