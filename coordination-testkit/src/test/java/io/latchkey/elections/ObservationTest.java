package io.latchkey.elections;

import static io.latchkey.faults.Scene.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Observation;
import io.latchkey.Participant;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Following who leads, without taking part. */
@Timeout(60)
final class ObservationTest {
    private static final int TIMEOUT_MS = 6_000;
    /** So long that no renewal comes to the help of a notification. */
    private static final int LONG_TIMEOUT_MS = 60_000;

    private final TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
    private final Latchkey ann = Scene.client(database.url(), "ann", TIMEOUT_MS).connect();
    private final Latchkey ben = Scene.client(database.url(), "ben", TIMEOUT_MS).connect();
    private final Latchkey eve = Scene.client(database.url(), "eve", TIMEOUT_MS).connect();
    private final Latchkey patientEve =
            Scene.client(database.url(), "eve", LONG_TIMEOUT_MS).connect();
    private final List<Optional<String>> seen = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        ann.close();
        ben.close();
        eve.close();
        patientEve.close();
        database.close();
    }

    private void observed(Optional<Participant> leader) {
        seen.add(leader.map(participant -> participant.id() + participant.metadata()));
    }

    private void awaitSeen(String... ids) {
        List<Optional<String>> expected = List.of(ids).stream()
                .map(id -> Optional.of(id).filter(n -> !n.isEmpty()))
                .toList();
        long start = System.nanoTime();
        eventually(() -> seen.equals(expected) || seen.size() > expected.size());
        assertThat(seen).isEqualTo(expected);
        assertThat(Scene.millisSince(start)).as("without waiting for a renewal").isLessThan(5_000);
    }

    @Test
    void observer_hearsWhoLeads_promptly_andEachChangeOnce() throws Exception {
        LeaderElection first = ann.election("e", "first");
        first.campaign();
        first.await();
        Observation observation = patientEve.observeLeader("e", this::observed);
        awaitSeen("first");
        assertThat(observation.leader()).map(Participant::id).hasValue("first");
        assertThat(first.participants()).as("it takes no part").hasSize(1);
        LeaderElection second = ben.election("e", "second");
        second.campaign();
        eventually(() -> first.participants().size() == 2);
        Thread.sleep(1_200); // the proof that notifications arrive; until then it polls
        first.resign();
        awaitSeen("first", "second");
        second.setMetadata("!");
        awaitSeen("first", "second", "second!");
        second.close();
        awaitSeen("first", "second", "second!", "");
        LeaderElection third = ann.election("e", "third");
        third.campaign();
        awaitSeen("first", "second", "second!", "", "third");
        observation.close();
        observation.close();
        third.close();
        first.campaign();
        first.await();
        Thread.sleep(100);
        assertThat(seen).hasSize(5);
    }

    @Test
    void leaderThatDied_withoutSuccessor_isSeenByLooking_alsoWithoutNotifications() throws Exception {
        database.execute(
                "CREATE OR REPLACE FUNCTION latchkey._notify_watchers(p_name text, p_token bigint) RETURNS void LANGUAGE plpgsql"
                        + " AS $$ BEGIN END $$");
        eve.observeLeader("e", this::observed);
        eventually(() -> seen.size() == 1);
        LeaderElection first = ann.election("e", "first");
        first.campaign();
        first.await();
        eventually(() -> seen.size() == 2);
        database.execute("UPDATE latchkey._session SET expires_at = clock_timestamp() WHERE holder = 'ann'");
        eventually(() -> seen.size() >= 3); // nobody, and perhaps the same one again, in its next term
        assertThat(seen.get(1)).hasValue("first");
    }

    @Test
    void crashOfTheDatabase_isOutlived() throws Exception {
        LeaderElection first = ann.election("e", "first");
        first.campaign();
        first.await();
        Heard heard = new Heard();
        first.addListener(heard);
        first.setMetadata("?");
        eve.observeLeader("e", this::observed);
        eventually(() -> seen.equals(List.of(Optional.of("first?"))));
        Scene.loseUnlogged(database);
        eventually(() -> first.leader().isPresent());
        eventually(() -> first.leader().map(Participant::metadata).equals(Optional.of("?")));
        assertThat(first.isLeader()).isTrue();
        assertThat(heard.awaitEvents(1)).as("listeners hear nothing of it").hasSize(1);
        first.setMetadata("again");
        eventually(() -> seen.get(seen.size() - 1).equals(Optional.of("firstagain")));
    }
}
