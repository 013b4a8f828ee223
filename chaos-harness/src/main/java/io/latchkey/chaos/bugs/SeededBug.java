package io.latchkey.chaos.bugs;

import io.latchkey.chaos.faults.Cluster;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;

/**
 * A bug that is put in on purpose.
 *
 * @param name its name
 * @param sentence what is wrong then
 * @param seed the seed of the run in which it is found
 * @param property what is violated
 * @param faults the kinds of faults in that run
 * @param sql changes in the database
 * @param sources changes in the client
 */
public record SeededBug(
        String name,
        String sentence,
        long seed,
        String property,
        List<String> faults,
        List<SqlPatch> sql,
        List<SourcePatch> sources) {
    /** All there are. */
    public static List<SeededBug> all() {
        return Bugs.ALL;
    }

    /**
     * By its name.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public static SeededBug named(String name) {
        return all().stream()
                .filter(bug -> bug.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no bug '" + name + "'; there are: "
                        + all().stream().map(SeededBug::name).toList()));
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
