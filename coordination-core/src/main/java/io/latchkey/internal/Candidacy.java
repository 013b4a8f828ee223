package io.latchkey.internal;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.UUID;

/** The call of a candidate, which waits in the queue of its election or holds its lock. */
final class Candidacy extends Acquisition {
    private final Election election;

    Candidacy(Election election, long request) {
        super(election.name(), request, null, Mode.EXCLUSIVE, null);
        this.election = election;
    }

    @Override
    Call acquireCall() {
        return Call.inSession(name, (link, session, commit) -> {
            String said = election.metadata();
            PreparedStatement statement = link.statement(commit.join);
            describe(statement, session, said);
            Reply reply = Link.reply(statement, commit.column);
            Link.requireCertain(statement, commit);
            if (!said.equals(election.metadata())) { // changed meanwhile, when it was not a candidate yet
                describe(link, session, commit);
            }
            return reply;
        });
    }

    /** Says who this is, anew. Nothing happens if it is no candidate any more. */
    Call describeCall() {
        return Call.inSession(name, (link, session, commit) -> {
            describe(link, session, commit);
            return Reply.of("described");
        });
    }

    private void describe(Link link, UUID session, Sql.Commit commit) throws SQLException {
        PreparedStatement statement = link.statement(commit.describe);
        describe(statement, session, election.metadata());
        statement.executeQuery().close();
    }

    private void describe(PreparedStatement statement, UUID session, String metadata) throws SQLException {
        statement.setObject(1, session);
        statement.setString(2, name);
        statement.setLong(3, request);
        statement.setString(4, election.id());
        statement.setString(5, metadata);
    }

    @Override
    Call withdrawCall() {
        return leaveCall(name, request);
    }

    @Override
    SessionLease lease(Client client, long token, SessionLife life) {
        return new SessionLease(client, name, token, request, life, mode, thread) {
            @Override
            Call releaseCall() {
                return leaveCall(lock, request);
            }
        };
    }

    private static Call leaveCall(String name, long request) {
        return Call.inSession(name, (link, session, commit) -> {
            PreparedStatement statement = link.statement(commit.leave);
            statement.setObject(1, session);
            statement.setString(2, name);
            statement.setLong(3, request);
            Reply reply = Link.reply(statement, commit.column);
            Link.requireCertain(statement, commit);
            return reply.is("withdrawn") ? Reply.of("not_held") : reply;
        });
    }
}
