package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.Reaper;
import io.latchkey.ReaperStatus;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Asks the database to let pg_cron run the reaper, and who does run it. */
final class ReaperJob {
    private static final System.Logger LOG = System.getLogger("io.latchkey");

    private ReaperJob() {}

    /**
     * Asks for the job, if this client is to.
     *
     * @return why there is none and what to do about it, or null
     * @throws CoordinationException if it is required and cannot be
     */
    static @Nullable String request(Connection connection, Reaper reaper, String place) throws SQLException {
        if (reaper == Reaper.CLIENT || reaper == Reaper.NONE) {
            return null;
        }
        @Nullable String state;
        String obstacle;
        try (PreparedStatement statement = connection.prepareStatement(Sql.SCHEDULE_REAPER);
                ResultSet row = statement.executeQuery()) {
            row.next();
            state = row.getString(1);
            obstacle = row.getString(2) + ". " + row.getString(3);
        } catch (SQLException e) {
            if (reaper == Reaper.PG_CRON) {
                throw e;
            }
            state = String.valueOf(e.getSQLState());
            obstacle = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        }
        if (state == null) {
            return null;
        }
        if (reaper == Reaper.PG_CRON) {
            throw new CoordinationException(
                    "pg_cron cannot run the reaper at " + place + ": " + obstacle, null, state, null);
        }
        LOG.log(Level.DEBUG, "clients reap in turn, because pg_cron cannot: {0}", obstacle);
        return obstacle;
    }

    /** Runs on any connection with the schema. */
    static ReaperStatus status(Link link, @Nullable String obstacle) throws SQLException {
        try (ResultSet row = link.statement(Sql.REAPER_STATUS).executeQuery()) {
            row.next();
            ReaperStatus.RunBy runBy =
                    ReaperStatus.RunBy.valueOf(row.getString(1).toUpperCase(Locale.ROOT));
            long ageMs = row.getLong(2);
            return new ReaperStatus(runBy, row.wasNull() ? null : Duration.ofMillis(ageMs), obstacle);
        }
    }
}
