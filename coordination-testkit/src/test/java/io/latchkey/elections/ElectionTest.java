package io.latchkey.elections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.ElectionListener;
import io.latchkey.Latchkey;
import io.latchkey.LeaderElection;
import io.latchkey.Leadership;
import io.latchkey.LeaseLostException;
import io.latchkey.Participant;
import io.latchkey.testkit.PostgresExtension;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a candidate promises, call by call. */
@Timeout(60)
final class ElectionTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @SuppressWarnings("NullAway.Init")
    private static Latchkey ann;

    @SuppressWarnings("NullAway.Init")
    private static Latchkey ben;

    private final String name = "election-" + System.nanoTime();

    @BeforeAll
    static void connect() {
        ann = Latchkey.builder(POSTGRES.database().url()).holder("ann").connect();
        ben = Latchkey.builder(POSTGRES.database().url()).holder("ben").connect();
    }

    @AfterAll
    static void disconnect() {
        ann.close();
        ben.close();
    }

    private static Leadership awaitLeadership(LeaderElection election) throws InterruptedException {
        return election.await(LONG).orElseThrow();
    }

    /** Waits until the database lists so many. */
    private static List<String> ids(LeaderElection election, int count) {
        await().atMost(LONG).until(() -> election.participants().size() == count);
        return election.participants().stream().map(Participant::id).toList();
    }

    @Test
    void firstCandidate_leads_andTheOthersFollowInTheOrderInWhichTheyJoined() throws Exception {
        LeaderElection first = ann.election(name, "first");
        LeaderElection second = ben.election(name, "second");
        LeaderElection third = ann.election(name, "third");
        first.campaign();
        Leadership leadership = awaitLeadership(first);
        assertThat(leadership.election()).isEqualTo(name);
        assertThat(first.isLeader()).isTrue();
        assertThat(first.term()).hasValue(leadership.term());
        second.campaign();
        ids(first, 2);
        third.campaign();
        assertThat(ids(second, 3)).containsExactly("first", "second", "third");
        assertThat(second.isLeader()).isFalse();
        assertThat(second.leadership()).isEmpty();
        assertThat(second.term()).isEmpty();
        assertThat(second.leader()).hasValue(new Participant("first", "ann", "", leadership.term()));

        assertThat(first.resign()).isTrue();
        assertThat(first.isLeader()).isFalse();
        assertThat(leadership.isValid()).isFalse();
        long term = awaitLeadership(second).term();
        assertThat(term).isGreaterThan(leadership.term());
        assertThat(first.resign()).as("again").isFalse();
        second.close();
        assertThat(awaitLeadership(third).term()).isGreaterThan(term);
        third.close();
        assertThat(third.participants()).isEmpty();
        assertThat(third.leader()).isEmpty();
    }

    @Test
    void candidatesOfOneClient_joinInTheOrderOfTheirCalls() throws Exception {
        List<LeaderElection> candidates = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            candidates.add(ann.election(name, "candidate " + i));
            expected.add("candidate " + i);
            candidates.get(i).campaign();
        }
        assertThat(ids(candidates.get(0), 50)).isEqualTo(expected);
        candidates.forEach(LeaderElection::close);
    }

    @Test
    void listeners_hearOfEverythingInOrder_andALateOneAtOnce() throws Exception {
        LeaderElection election = ann.election(name);
        Heard early = new Heard();
        Heard late = new Heard();
        election.addListener(early);
        election.campaign();
        long first = awaitLeadership(election).term();
        election.addListener(late);
        assertThat(late.awaitEvents(1)).containsExactly("elected " + first);
        assertThat(election.requeue()).isTrue();
        long second = awaitLeadership(election).term();
        assertThat(second).isGreaterThan(first);
        election.resign();
        List<String> all = List.of("elected " + first, "resigned " + first, "elected " + second, "resigned " + second);
        assertThat(early.awaitEvents(4)).isEqualTo(all);
        assertThat(late.awaitEvents(4)).isEqualTo(all);
        election.removeListener(late);
        election.campaign();
        early.awaitEvents(5);
        assertThat(late.events()).hasSize(4);
        election.close();
    }

    @Test
    void listenerThatIsSlowOrFails_delaysNobodyElse() throws Exception {
        CountDownLatch slow = new CountDownLatch(1);
        AtomicInteger heard = new AtomicInteger();
        LeaderElection election = ann.election(name);
        election.addListener(new ElectionListener() {
            @Override
            public void elected(Leadership leadership) {
                try {
                    slow.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public void resigned(long term) {
                heard.incrementAndGet();
            }
        });
        election.addListener(new ElectionListener() {
            @Override
            public void elected(Leadership leadership) {
                throw new AssertionError("a bad listener");
            }

            @Override
            public void resigned(long term) {
                heard.incrementAndGet();
            }
        });
        Heard good = new Heard();
        election.addListener(good);
        election.campaign();
        awaitLeadership(election);
        election.close();
        good.awaitEvents(2);
        await().until(() -> heard.get() == 1);
        slow.countDown();
        await().until(() -> heard.get() == 2);
    }

    @Test
    void requeue_goesToTheEnd() throws Exception {
        LeaderElection first = ann.election(name, "first");
        first.campaign();
        awaitLeadership(first);
        LeaderElection second = ben.election(name, "second");
        second.campaign();
        ids(first, 2);
        assertThat(first.requeue()).isTrue();
        awaitLeadership(second);
        assertThat(ids(first, 2)).containsExactly("second", "first");
        LeaderElection third = ben.election(name, "third");
        third.campaign();
        ids(first, 3);
        assertThat(first.requeue()).as("it only waited").isFalse();
        await().until(() -> ids(first, 3).equals(List.of("second", "third", "first")));
        for (LeaderElection election : List.of(first, second, third)) {
            election.close();
        }
    }

    @Test
    void await_tellsWhyItEnds() throws Exception {
        LeaderElection leader = ann.election(name);
        leader.campaign();
        Leadership leadership = awaitLeadership(leader);
        assertThat(leader.await()).isEqualTo(leadership);
        LeaderElection candidate = ben.election(name);
        assertThatThrownBy(candidate::await)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("campaign() first");
        assertThatThrownBy(candidate::requeue)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(name);
        candidate.campaign();
        assertThat(candidate.await(Duration.ofMillis(30))).isEmpty();
        assertThat(candidate.await(Duration.ZERO)).isEmpty();
        assertThat(candidate.await(Duration.ofSeconds(Long.MIN_VALUE))).isEmpty();
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread waiter = new Thread(() -> {
            try {
                candidate.await();
            } catch (InterruptedException | RuntimeException e) {
                thrown.complete(e);
            }
        });
        waiter.start();
        await().until(() -> waiter.getState() == Thread.State.WAITING);
        candidate.resign();
        assertThat(thrown.get(20, TimeUnit.SECONDS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("resigned from '" + name + "'");
        candidate.campaign();
        Thread.currentThread().interrupt();
        assertThatThrownBy(candidate::await).isInstanceOf(InterruptedException.class);
        ids(leader, 2);
        leader.close();
        awaitLeadership(candidate);
        candidate.close();
        assertThatThrownBy(candidate::campaign)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void resign_byOneThatIsBeingElected_leavesNoLockStuck() throws Exception {
        for (int i = 0; i < 100; i++) {
            LeaderElection election = ann.election(name);
            election.campaign();
            if (i % 2 == 0) {
                Thread.onSpinWait();
            } else {
                TimeUnit.MICROSECONDS.sleep(i * 20L);
            }
            election.close();
            assertThat(election.isLeader()).isFalse();
        }
        LeaderElection next = ben.election(name);
        next.campaign();
        awaitLeadership(next);
        next.close();
    }

    @Test
    void metadata_areSeenByAll_andChange() throws Exception {
        LeaderElection election = ann.election(name, "a");
        election.setMetadata("before");
        election.campaign();
        awaitLeadership(election);
        LeaderElection other = ben.election(name, "b");
        assertThat(other.leader()).map(Participant::metadata).hasValue("before");
        election.setMetadata("{\"url\": \"http://ä\"}");
        assertThat(other.leader()).map(Participant::metadata).hasValue("{\"url\": \"http://ä\"}");
        other.campaign();
        other.setMetadata("waits");
        await().until(() -> election.participants().stream()
                .map(Participant::metadata)
                .toList()
                .contains("waits"));
        election.requeue();
        awaitLeadership(other);
        await().until(() -> election.participants().size() == 2
                && election.participants().get(1).metadata().contains("http"));
        election.setMetadata("ä".repeat(4096));
        assertThatThrownBy(() -> election.setMetadata("ä".repeat(4097)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("8192 bytes");
        assertThatThrownBy(() -> election.setMetadata("a\0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("NUL");
        assertThat(other.participants().get(1).metadata()).hasSize(4096);
        election.close();
        other.close();
    }

    @Test
    void badNames_areRefused() {
        assertThatThrownBy(() -> ann.election("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ann.election(name, ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id of a candidate");
        assertThatThrownBy(() -> ann.election(name, "x".repeat(513))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void electionAndLock_ofOneName_areOneThing() throws Exception {
        LeaderElection election = ann.election(name);
        election.campaign();
        Leadership leadership = awaitLeadership(election);
        assertThat(ben.lock(name).tryAcquire()).isEmpty();
        try (Connection connection = POSTGRES.database().connect()) {
            connection.setAutoCommit(false);
            leadership.fence(connection);
            connection.commit();
            election.close();
            assertThatThrownBy(() -> leadership.fence(connection)).isInstanceOf(LeaseLostException.class);
        }
        var lease = ben.lock(name).tryAcquire().orElseThrow();
        assertThat(lease.fencingToken()).isGreaterThan(leadership.term());
        assertThat(election.leader()).as("who holds it is no candidate").isEmpty();
        lease.close();
    }

    @Test
    void closingTheClient_resigns_andTellsListenersAndWaiters() throws Exception {
        Latchkey client = Latchkey.connect(POSTGRES.database().url());
        LeaderElection election = client.election(name);
        Heard heard = new Heard();
        election.addListener(heard);
        election.campaign();
        long term = awaitLeadership(election).term();
        LeaderElection next = ben.election(name);
        next.campaign();
        ids(next, 2);
        client.close();
        assertThat(election.isLeader()).isFalse();
        awaitLeadership(next);
        assertThat(heard.awaitEvents(2)).containsExactly("elected " + term, "resigned " + term);
        assertThatThrownBy(election::campaign).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(election::participants).isInstanceOf(IllegalStateException.class);
        next.close();
    }
}
