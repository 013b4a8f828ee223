package io.latchkey.chaos.bugs;

import io.latchkey.chaos.faults.Cluster;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A change of a function in the database of a run.
 *
 * @param function its name in schema latchkey, which only one function has
 * @param guard what is there
 * @param replacement what stands there instead
 */
record SqlPatch(String function, String guard, String replacement) {
    /** @throws IllegalStateException if the guard is not there, so that no bug becomes none unseen */
    void apply(Cluster cluster) throws SQLException {
        try (Connection connection = cluster.connect();
                Statement statement = connection.createStatement()) {
            String original;
            try (ResultSet row = statement.executeQuery("SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
                    + " WHERE p.pronamespace = 'latchkey'::regnamespace AND p.proname = '" + function + "'")) {
                row.next();
                original = row.getString(1);
            }
            if (!original.contains(guard)) {
                throw new IllegalStateException("latchkey." + function + " does not contain: " + guard);
            }
            statement.execute(original.replace(guard, replacement));
        }
    }
}
