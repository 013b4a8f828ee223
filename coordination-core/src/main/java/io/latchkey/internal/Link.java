package io.latchkey.internal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A connection that carries calls, opened when it is needed. Used by one thread at a time. */
final class Link {
    /** For so many batches one that was not simple is taken as a sign that others will not be: then a batch goes in turn. */
    private static final int DETOURS = 16;

    private final Connector connector;
    private final Map<String, PreparedStatement> statements = new HashMap<>();
    private volatile @Nullable Connection connection;
    private int detours;

    Link(Connector connector) {
        this.connector = connector;
    }

    PreparedStatement statement(String sql) throws SQLException {
        PreparedStatement statement = statements.get(sql);
        if (statement == null) {
            statement = connection().prepareStatement(sql);
            statements.put(sql, statement);
        }
        return statement;
    }

    Connection connection() throws SQLException {
        Connection open = connection;
        if (open == null) {
            open = connector.open();
            connection = open;
        }
        return open;
    }

    boolean isOpen() {
        return connection != null;
    }

    void drop() {
        Connection open = connection;
        connection = null;
        statements.clear();
        if (open != null) {
            Connector.abandon(open);
        }
    }

    /** From another thread: makes whatever is under way fail now. */
    void abort() {
        Connection open = connection;
        if (open != null) {
            Connector.abandon(open);
        }
    }

    /** Sends calls of one session, in the order of their names, and writes their replies into them; in one statement if it can. */
    void send(List<Call> calls, UUID session, Sql.Commit commit) throws SQLException {
        List<Call> rest = calls.size() == 1 ? calls : Call.unanswered(calls);
        if (rest.size() > 1 && detours-- <= 0) {
            rest = sendUncontended(rest, session, commit);
            detours = rest.isEmpty() ? 0 : DETOURS;
        }
        if (rest.size() > 1 || (rest.size() == 1 && rest.get(0).isForBatch())) {
            sendInTurn(rest, session, commit);
        } else if (rest.size() == 1) {
            Call call = rest.get(0);
            call.answered(
                    call.action == null ? one(call, session, commit) : call.action.run(this, session, commit), session);
        }
    }

    /** Those that are as simple as most are; returns the others. In a transaction of its own, see {@code run_uncontended}. */
    private List<Call> sendUncontended(List<Call> calls, UUID session, Sql.Commit commit) throws SQLException {
        String[] names = new String[calls.size()];
        Long[] requests = new Long[calls.size()];
        Long[] tokens = new Long[calls.size()];
        for (int i = 0; i < names.length; i++) {
            Call call = calls.get(i);
            if (!call.isSimple()) {
                return calls;
            }
            names[i] = call.name;
            (call.isAcquisition() ? requests : tokens)[i] = call.number;
        }
        PreparedStatement statement = statement(commit.uncontended);
        statement.setObject(1, session);
        statement.setArray(2, connection().createArrayOf("text", names));
        statement.setArray(3, connection().createArrayOf("int8", requests));
        statement.setArray(4, connection().createArrayOf("int8", tokens));
        @Nullable Long[] answers = (Long[]) answer(statement, commit);
        List<Call> rest = new ArrayList<>();
        for (int i = 0; i < answers.length; i++) {
            Call call = calls.get(i);
            Long token = answers[i];
            if (token == null) {
                rest.add(call);
            } else {
                call.answered(call.isAcquisition() ? Reply.granted(token) : Reply.of("released"), session);
            }
        }
        return rest;
    }

    private void sendInTurn(List<Call> calls, UUID session, Sql.Commit commit) throws SQLException {
        String[] kinds = new String[calls.size()];
        String[] names = new String[calls.size()];
        Long[] numbers = new Long[calls.size()];
        for (int i = 0; i < kinds.length; i++) {
            Call call = calls.get(i);
            kinds[i] = call.word;
            names[i] = call.name;
            numbers[i] = call.number;
        }
        PreparedStatement statement = statement(commit.batch);
        statement.setObject(1, session);
        statement.setArray(2, connection().createArrayOf("text", kinds));
        statement.setArray(3, connection().createArrayOf("text", names));
        statement.setArray(4, connection().createArrayOf("int8", numbers));
        String[] replies = (String[]) answer(statement, commit);
        for (int i = 0; i < replies.length; i++) {
            calls.get(i).answered(Reply.parse(replies[i]), session);
        }
    }

    private static Object answer(PreparedStatement statement, Sql.Commit commit) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            Object array = row.getArray(commit.column).getArray();
            requireCertain(statement, commit);
            return array;
        }
    }

    private Reply one(Call call, UUID session, Sql.Commit commit) throws SQLException {
        boolean shared = call.mode.isShared();
        PreparedStatement statement = switch (call.kind) {
            case TRY, ACQUIRE -> {
                PreparedStatement acquire = statement(shared ? commit.share : commit.acquire);
                acquire.setBoolean(4, call.kind == Call.Kind.ACQUIRE);
                if (shared) {
                    acquire.setInt(5, call.mode.weight());
                    acquire.setObject(6, call.mode.permits() == 0 ? null : call.mode.permits(), Types.INTEGER);
                }
                yield acquire;
            }
            case RELEASE -> statement(shared ? commit.giveBack : call.wanted ? commit.releaseWanted : commit.release);
            case WITHDRAW -> statement(commit.withdraw);
            case DOWNGRADE, UPGRADE, ALONE -> throw new IllegalArgumentException("sent in another way");
        };
        statement.setObject(1, session);
        statement.setString(2, call.name);
        statement.setLong(3, call.number);
        Reply reply = reply(statement, commit.column);
        requireCertain(statement, commit);
        return reply;
    }

    static Reply reply(PreparedStatement statement, int column) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            row.next();
            return Reply.parse(row.getString(column));
        }
    }

    /**
     * A commit that waits for a standby can be told success when the wait was cancelled, with no more than a warning. Our functions
     * warn of nothing else, so any warning means that the outcome is unknown.
     */
    static void requireCertain(PreparedStatement statement, Sql.Commit commit) throws SQLException {
        if (commit == Sql.Commit.FLUSHED && statement.getWarnings() != null) {
            throw new SQLException("the commit may not have been replicated", "08007", statement.getWarnings());
        }
    }

    /** After a commit that was flushed, in a transaction of its own. */
    void wakeThoseHandedOverTo(List<Call> calls) {
        List<String> names = new ArrayList<>();
        for (Call call : calls) {
            if (call.mayHaveHandedOver()) {
                names.add(call.name);
            }
        }
        if (!names.isEmpty()) {
            wake(names);
        }
    }

    /**
     * Wakes those that locks were handed over to by a commit that was flushed, in a transaction of its own. What was committed does
     * not fail with it: the waiters' renewals find their grants without it.
     */
    void wake(List<String> names) {
        try {
            PreparedStatement statement = statement(Sql.WAKE);
            statement.setArray(1, connection().createArrayOf("text", names.toArray()));
            statement.executeQuery().close();
        } catch (SQLException e) {
            System.getLogger("io.latchkey").log(System.Logger.Level.DEBUG, "a wake-up was not sent", e);
        }
    }
}
