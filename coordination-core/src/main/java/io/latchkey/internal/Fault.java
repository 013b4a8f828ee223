package io.latchkey.internal;

import io.latchkey.CoordinationException;
import io.latchkey.DatabaseUnavailableException;
import io.latchkey.SchemaException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The one place where the driver's exceptions become ours: by SQLSTATE, never by text. */
final class Fault {
    static final String LEASE_LOST = "LK001";
    static final String NOTIFICATION_QUEUE_FULL = "54000";
    static final String INVALID_VALUE = "22023";

    private Fault() {}

    /** Whether the connection is of no use any more: gone, refused, or at a server that cannot write. */
    static boolean isConnectionLost(SQLException e) {
        String state = state(e);
        return state.startsWith("08") // connection
                || state.startsWith("57P") // shut down, crashed, starting up
                || state.equals("53300") // too many connections
                || state.equals("25006") // read-only: not the primary any more
                || state.isEmpty();
    }

    static boolean is(SQLException e, String state) {
        return state(e).equals(state);
    }

    private static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }

    static CoordinationException of(SQLException e, String place, @Nullable String lock) {
        String state = state(e);
        return switch (state) {
            case "28P01", "28000" ->
                new CoordinationException(
                        "the database at " + place
                                + " refuses this user or password; check user, password and pg_hba.conf",
                        lock,
                        state,
                        e);
            case "3D000" ->
                new CoordinationException("there is no such database: " + place + "; create it first", lock, state, e);
            case "42501" ->
                new SchemaException(
                        "this role may not use Latchkey at " + place
                                + "; as the owner of the schema run: SELECT latchkey.grant_to('role')",
                        state,
                        e);
            case "3F000", "42883", "42P01", "42704" ->
                new SchemaException(
                        "the schema latchkey at " + place
                                + " is missing or incomplete; connect once with SchemaMode.INSTALL",
                        state,
                        e);
            case "25006" ->
                new DatabaseUnavailableException(
                        "the server at " + place
                                + " is read-only; point the URL at the primary, or name all servers in it",
                        lock,
                        state,
                        e);
            case "53300" ->
                new DatabaseUnavailableException(
                        "the server at " + place + " has no connection left; raise max_connections", lock, state, e);
            case "55P03" ->
                new CoordinationException(
                        "an open transaction keeps the row of this lock at " + place + "; see pg_locks",
                        lock,
                        state,
                        e);
            default -> unreachableOrRefused(e, state, place, lock);
        };
    }

    private static CoordinationException unreachableOrRefused(
            SQLException e, String state, String place, @Nullable String lock) {
        for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof UnknownHostException) {
                return new DatabaseUnavailableException("there is no host of that name: " + place, lock, state, e);
            }
        }
        return isConnectionLost(e)
                ? new DatabaseUnavailableException(
                        "the database at " + place + " cannot be reached: " + reason(e), lock, state, e)
                : new CoordinationException("the database at " + place + " refused: " + reason(e), lock, state, e);
    }

    private static String reason(SQLException e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null
                ? root.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}
