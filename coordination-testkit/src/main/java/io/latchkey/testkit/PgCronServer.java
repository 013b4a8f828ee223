package io.latchkey.testkit;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/**
 * Servers with the real pg_cron, of both generations: PostgreSQL 15 with pg_cron 1.4, whose jobs run every minute at best, and
 * PostgreSQL 17 with pg_cron 1.6, which knows seconds. They come from Debian's packages, in a small Debian of their own that
 * {@code pg_cron_server.sh} (beside this class) makes the first time, in about half a minute each. That takes root, apt and
 * the network; where it cannot be done the test is skipped and says how to get it.
 *
 * <p>The system property {@code latchkey.pgcron.folder} ({@code LATCHKEY_PGCRON_FOLDER}) names another folder than {@code
 * /var/cache/latchkey}; it has to belong to root. Thread-safe.
 */
public final class PgCronServer {
    /** PostgreSQL with pg_cron 1.4: every minute. */
    public static final int MINUTES = 15;
    /** PostgreSQL with pg_cron 1.6: every second. */
    public static final int SECONDS = 17;

    private static final String SCRIPT = "pg_cron_server.sh";

    private PgCronServer() {}

    /**
     * What to start, with pg_cron loaded; its extension may then be created in the database {@code postgres}. Skips the test if
     * this machine cannot have it.
     *
     * @param major {@link #MINUTES} or {@link #SECONDS}
     */
    public static ServerOptions options(int major) {
        Path folder = folder(major);
        String obstacle = SetUpScript.obstacle(SCRIPT, Integer.toString(major), folder.toString());
        Assumptions.assumeTrue(
                obstacle.isEmpty(),
                () -> "needs: PostgreSQL " + major + " with pg_cron (" + obstacle + ") - get it with: as root, sh "
                        + "coordination-testkit/src/main/resources/io/latchkey/testkit/" + SCRIPT + " " + major + " "
                        + folder);
        return new ServerOptions(folder.toString(), Map.of("shared_preload_libraries", "pg_cron"));
    }

    private static Path folder(int major) {
        String folder = SharedServer.property("latchkey.pgcron.folder");
        return Path.of(folder == null ? "/var/cache/latchkey" : folder, "postgresql-" + major);
    }
}
