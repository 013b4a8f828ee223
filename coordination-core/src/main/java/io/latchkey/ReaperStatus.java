package io.latchkey;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Who reaps, as the database sees it; immutable. See {@link Reaper}.
 *
 * @param runBy who is at work
 * @param age how long ago it was done last, by the clock of the database; null if never since it was installed or crashed
 * @param obstacle why pg_cron could not be asked to do it when this client connected, and what to do about it; null if it
 *     could, or was not asked
 */
public record ReaperStatus(
        RunBy runBy, @Nullable Duration age, @Nullable String obstacle) {

    /** Who is at work. */
    public enum RunBy {
        /** The job of pg_cron ran within the last three of its periods. */
        PG_CRON,
        /** Clients, in turn (or somebody who calls {@code latchkey.reap()}), within the longest session timeout. */
        CLIENTS,
        /** Nobody: there is no client that does it, or the server has just recovered. */
        NOBODY
    }
}
