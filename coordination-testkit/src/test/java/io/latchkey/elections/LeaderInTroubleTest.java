package io.latchkey.elections;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.ElectionListener;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestDatabase;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A leader that is cut off is told before another is elected; one whose database restarts in time does not notice. */
@Timeout(90)
final class LeaderInTroubleTest {
    private static final int TIMEOUT_MS = 2_000;

    @Test
    void leaderThatIsCutOff_isToldBeforeAnotherIsElected_andStandsAgain() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                TcpProxy network = TcpProxy.to(database.address());
                Latchkey ann = client(
                                database.address().withPort(network.port()).url(), "ann", TIMEOUT_MS)
                        .connect();
                Latchkey ben = client(database.url(), "ben", TIMEOUT_MS).connect()) {
            LeaderElection first = ann.election("office");
            CompletableFuture<Long> told = new CompletableFuture<>();
            first.addListener(new ElectionListener() {
                @Override
                public void lost(long term) {
                    told.complete(System.nanoTime());
                }
            });
            Heard heard = new Heard();
            first.addListener(heard);
            first.campaign();
            Leadership leadership = first.await();
            LeaderElection second = ben.election("office");
            CompletableFuture<Long> elected = new CompletableFuture<>();
            second.addListener(new ElectionListener() {
                @Override
                public void elected(Leadership next) {
                    elected.complete(System.nanoTime());
                }
            });
            second.campaign();
            Scene.awaitWaiting(database.address(), "office", 1);
            network.blackHole();
            assertThat(elected.get(20, TimeUnit.SECONDS)).isGreaterThan(told.get(20, TimeUnit.SECONDS));
            assertThat(first.isLeader()).isFalse();
            assertThat(leadership.isValid()).isFalse();
            assertThat(second.leadership().orElseThrow().term()).isGreaterThan(leadership.term());
            network.heal();
            eventually(() -> second.participants().size() == 2);
            second.resign();
            long again = first.await(Scene.PATIENCE).orElseThrow().term();
            assertThat(heard.awaitEvents(3))
                    .containsExactly("elected " + leadership.term(), "lost " + leadership.term(), "elected " + again);
        }
    }

    @Test
    void restartAndCrashOfTheDatabase_shorterThanTheSession_areNotNoticed() throws Exception {
        try (CrashableServer server = PostgresServer.start(ServerOptions.defaults());
                TestDatabase database = Scene.installed(server, 20_000);
                Latchkey ann = client(database.url(), "ann", 20_000).connect();
                Latchkey ben = client(database.url(), "ben", 20_000).connect()) {
            LeaderElection first = ann.election("office", "first");
            LeaderElection second = ben.election("office", "second");
            Heard heard = new Heard();
            first.addListener(heard);
            second.addListener(heard);
            first.setMetadata("me");
            first.campaign();
            Leadership leadership = first.await();
            second.campaign();
            Scene.awaitWaiting(database.address(), "office", 1);

            server.restart();
            eventually(() -> ids(first).equals("first second"));
            assertThat(leadership.isValid()).isTrue();

            server.crash();
            server.startAgain();
            eventually(() -> ids(first).equals("first second"));
            assertThat(first.leader().orElseThrow().metadata()).isEqualTo("me");
            assertThat(first.leader().orElseThrow().term()).isEqualTo(leadership.term());
            assertThat(leadership.isValid()).isTrue();
            assertThat(heard.events()).containsExactly("elected " + leadership.term());
        }
    }

    private static String ids(LeaderElection election) {
        try {
            return String.join(
                    " ", election.participants().stream().map(p -> p.id()).toList());
        } catch (RuntimeException e) {
            return "not up again";
        }
    }
}
