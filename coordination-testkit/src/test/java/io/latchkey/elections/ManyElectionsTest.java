package io.latchkey.elections;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What many elections in one client cost: one session, one renewal, and the connections that it has anyway. */
@Timeout(90)
final class ManyElectionsTest {
    private static final int TIMEOUT_MS = 3_000;

    @Test
    void thousandElections_costOneSessionOneRenewalAndTwoConnections() throws Exception {
        try (CrashableServer server = PostgresServer.start(
                        ServerOptions.defaults().setting("log_statement", "all").setting("log_line_prefix", "%a: "));
                TestDatabase database = Scene.installed(server, TIMEOUT_MS);
                Latchkey leads = client(database, "leads");
                Latchkey waits = client(database, "waits")) {
            List<LeaderElection> leaders = new ArrayList<>();
            List<LeaderElection> candidates = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                leaders.add(leads.election("election " + i));
                leaders.get(i).campaign();
            }
            for (LeaderElection leader : leaders) {
                assertThat(leader.await(Scene.PATIENCE)).isPresent();
            }
            for (int i = 0; i < 1_000; i++) {
                candidates.add(waits.election("election " + i));
                candidates.get(i).campaign();
            }
            Scene.awaitWaiting(database.address(), "election %", 1_000);
            LockSupport.parkNanos(
                    TimeUnit.MILLISECONDS.toNanos(1_500)); // announcements, and the proof that notifications arrive

            int before = server.log().length();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(4_000));
            String log = server.log().substring(before);
            for (String client : List.of("leads", "waits")) {
                List<String> statements = log.lines()
                        .filter(line -> line.matches(client + ": .*(execute|statement).*"))
                        .filter(line -> !line.contains("UNLISTEN")) // once, some seconds after it has waited
                        .toList();
                assertThat(statements).hasSizeBetween(3, 5).allMatch(line -> line.contains("renew_session"));
                assertThat(Scene.number(
                                database.address(),
                                "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + client + "'"))
                        .isLessThanOrEqualTo(2);
            }
            assertThat(Scene.number(database.address(), "SELECT count(*) FROM latchkey.sessions"))
                    .isEqualTo(2);
            assertThat(leaders).allMatch(LeaderElection::isLeader);
            assertThat(candidates).noneMatch(LeaderElection::isLeader);
            leads.close();
            for (LeaderElection candidate : candidates) {
                assertThat(candidate.await(Scene.PATIENCE)).isPresent();
            }
            assertThat(leaders).noneMatch(LeaderElection::isLeader);
        }
    }

    /** One connection for calls besides the one that renews and listens. */
    private static Latchkey client(TestDatabase database, String name) {
        return Scene.client(
                        database.address()
                                .withParameter("ApplicationName", name)
                                .url(),
                        name,
                        TIMEOUT_MS)
                .commandConnections(1)
                .connect();
    }
}
