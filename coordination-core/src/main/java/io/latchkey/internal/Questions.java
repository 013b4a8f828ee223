package io.latchkey.internal;

import io.latchkey.Contender;
import io.latchkey.Inspection;
import io.latchkey.ReaperStatus;
import io.latchkey.ServerStatus;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the database what it knows, on a connection for calls. Changes nothing. */
public final class Questions {
    private final Client client;
    private final CallCombiner combiner;
    /** Why pg_cron could not be asked to reap. */
    private final @Nullable String reaperObstacle;

    Questions(Client client, CallCombiner combiner, @Nullable String reaperObstacle) {
        this.client = client;
        this.combiner = combiner;
        this.reaperObstacle = reaperObstacle;
    }

    /** Asked again with a new connection if the first one breaks. */
    @FunctionalInterface
    interface Question<T> {
        T ask(Link link) throws SQLException;
    }

    /** Asks, about this lock or about none. */
    <T> T ask(@Nullable String lock, Question<T> question) {
        client.requireOpen();
        List<T> answer = new ArrayList<>(1);
        try {
            combiner.run(Call.alone(lock == null ? "" : lock, link -> {
                answer.clear();
                answer.add(question.ask(link));
                return Reply.of("answered");
            }));
        } catch (SQLException e) {
            throw client.fault(e, lock);
        }
        return answer.get(0);
    }

    /** See {@link io.latchkey.Latchkey#reaperStatus}. */
    public ReaperStatus reaperStatus() {
        return ask(null, link -> ReaperJob.status(link, reaperObstacle));
    }

    /** See {@link io.latchkey.Latchkey#inspect}. */
    public Inspection inspect(int limit) {
        return ask(null, link -> Inspector.read(link, limit));
    }

    /** See {@link io.latchkey.Latchkey#serverStatus}. */
    public ServerStatus serverStatus() {
        long sentAt = System.nanoTime();
        return ask(null, link -> {
            try (ResultSet row = link.statement(Sql.AUDIT_SERVER).executeQuery()) {
                row.next();
                Long oldest = row.getObject(2, Long.class);
                return new ServerStatus(
                        Duration.ofNanos(System.nanoTime() - sentAt),
                        row.getLong(1),
                        oldest == null ? null : Duration.ofMillis(oldest),
                        row.getDouble(3),
                        Duration.ofMillis(row.getLong(4)));
            }
        });
    }

    /** See {@link io.latchkey.Latchkey#contenders}. */
    public List<Contender> contenders(String name) {
        return ask(Name.checked(name), link -> {
            var statement = link.statement(Sql.CONTENDERS);
            statement.setString(1, name);
            statement.setString(2, name);
            List<Contender> found = new ArrayList<>();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    found.add(new Contender(row.getString(1), row.getLong(2), row.getBoolean(3)));
                }
            }
            return List.copyOf(found);
        });
    }
}
