package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.integration.leader.AbstractCandidate;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.event.AbstractLeaderEvent;
import org.springframework.integration.leader.event.OnFailedToAcquireMutexEvent;
import org.springframework.integration.leader.event.OnGrantedEvent;
import org.springframework.integration.leader.event.OnRevokedEvent;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;

/** Leaders: Spring's own initiator over the registry, and Latchkey's. */
@Timeout(90)
class LeaderTest {
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final long HEART_BEAT_MS = 200;

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final String role = "role-" + System.nanoTime();
    private final List<AutoCloseable> toClose = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = toClose.size(); i-- > 0; ) {
            toClose.get(i).close();
        }
    }

    private <T extends AutoCloseable> T closing(T closeable) {
        toClose.add(closeable);
        return closeable;
    }

    private Latchkey client(String url) {
        return closing(Latchkey.builder(url).sessionTimeout(LEASE).connect());
    }

    private Latchkey client() {
        return client(POSTGRES.database().url());
    }

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5));
    }

    /** What happens to one candidate. */
    private static final class Events implements ApplicationEventPublisher {
        final List<Object> all = new CopyOnWriteArrayList<>();

        @Override
        public void publishEvent(Object event) {
            all.add(event);
        }

        long count(Class<? extends AbstractLeaderEvent> type) {
            return all.stream().filter(type::isInstance).count();
        }
    }

    private class Candidate extends AbstractCandidate {
        final AtomicInteger granted = new AtomicInteger();
        final AtomicInteger revoked = new AtomicInteger();
        volatile Context context = () -> false;

        Candidate() {
            super("id", role);
        }

        @Override
        public void onGranted(Context now) throws InterruptedException {
            context = now;
            granted.incrementAndGet();
        }

        @Override
        public void onRevoked(Context before) {
            revoked.incrementAndGet();
        }

        boolean leads() {
            return granted.get() > revoked.get();
        }
    }

    private LockRegistryLeaderInitiator springs(Latchkey latchkey, Candidate candidate, Events events) {
        LockRegistryLeaderInitiator initiator =
                new LockRegistryLeaderInitiator(new LatchkeyLockRegistry(latchkey), candidate);
        initiator.setHeartBeatMillis(HEART_BEAT_MS);
        initiator.setApplicationEventPublisher(events);
        toClose.add(initiator::destroy);
        initiator.start();
        return initiator;
    }

    private LatchkeyLeaderInitiator ours(Latchkey latchkey, Candidate candidate, Events events) {
        LatchkeyLeaderInitiator initiator = new LatchkeyLeaderInitiator(latchkey, candidate);
        initiator.setApplicationEventPublisher(events);
        toClose.add(initiator::destroy);
        initiator.start();
        return initiator;
    }

    // Spring's own initiator

    @Test
    void springsInitiator_electsOne_andTheNextWhenItStops() {
        Candidate a = new Candidate();
        Candidate b = new Candidate();
        Events events = new Events();
        LockRegistryLeaderInitiator first = springs(client(), a, events);
        soon().until(a::leads);
        springs(client(), b, events);
        assertThat(b.granted).hasValue(0);
        first.stop();
        soon().until(b::leads);
        assertThat(a.leads()).isFalse();
        assertThat(events.count(OnGrantedEvent.class)).isEqualTo(2);
    }

    // Latchkey's

    @Test
    void initiator_electsOne_withRisingTerms_andTheNextWhenItStops() {
        Candidate a = new Candidate();
        Candidate b = new Candidate();
        Events events = new Events();
        LatchkeyLeaderInitiator first = ours(client(), a, events);
        assertThat(first.isRunning()).isTrue();
        soon().until(a::leads);
        LatchkeyLeaderInitiator second = ours(client(), b, events);
        assertThat(second.getContext().isLeader()).isFalse();
        LeaderContext term = (LeaderContext) first.getContext();
        assertThat(term.isLeader()).isTrue();
        assertThat(term.getRole()).isEqualTo(role);
        CountDownLatch stopped = new CountDownLatch(1);
        first.stop(stopped::countDown);
        soon().until(b::leads);
        soon().until(() -> stopped.getCount() == 0);
        assertThat(term.isLeader()).isFalse();
        assertThat(first.isRunning()).isFalse();
        assertThat(((LeaderContext) b.context).term()).isGreaterThan(term.term());
        soon().until(() -> events.count(OnGrantedEvent.class) == 2 && events.count(OnRevokedEvent.class) == 1);
        first.start();
        second.stop();
        soon().until(a::leads);
    }

    @Test
    void initiator_thatYields_goesBehindTheOthers() {
        Candidate a = new Candidate();
        Candidate b = new Candidate();
        ours(client(), a, new Events());
        soon().until(a::leads);
        ours(client(), b, new Events());
        soon().until(() -> waiters() == 1);
        a.context.yield();
        soon().until(b::leads);
        assertThat(a.leads()).isFalse();
        soon().until(() -> waiters() == 1);
        b.context.yield();
        soon().until(a::leads);
    }

    private int waiters() throws SQLException {
        try (var connection = POSTGRES.database().connect();
                var row = connection
                        .createStatement()
                        .executeQuery("SELECT count(*) FROM latchkey.waiters WHERE name = '" + role + "'")) {
            row.next();
            return row.getInt(1);
        }
    }

    @Test
    void candidateThatWorksInOnGranted_isInterruptedAtTheEndOfItsTerm_andRevokedAfterwards() {
        List<String> story = new CopyOnWriteArrayList<>();
        Candidate busy = new Candidate() {
            @Override
            public void onGranted(Context now) throws InterruptedException {
                super.onGranted(now);
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    story.add("interrupted, leader: " + now.isLeader());
                    throw e;
                }
            }

            @Override
            public void onRevoked(Context before) {
                story.add("revoked, interrupted: " + Thread.currentThread().isInterrupted());
                super.onRevoked(before);
            }
        };
        LatchkeyLeaderInitiator initiator = ours(client(), busy, new Events());
        soon().until(busy::leads);
        initiator.stop();
        soon().until(() -> story.size() == 2);
        assertThat(story).containsExactly("interrupted, leader: false", "revoked, interrupted: false");
    }

    @Test
    void candidateThatFails_isRevoked_andTheNextLeads() {
        Candidate broken = new Candidate() {
            @Override
            public void onGranted(Context now) throws InterruptedException {
                super.onGranted(now);
                throw new IllegalStateException("cannot lead");
            }
        };
        Candidate b = new Candidate();
        ours(client(), broken, new Events());
        soon().until(() -> broken.revoked.get() > 0);
        ours(client(), b, new Events());
        soon().until(b::leads);
    }

    @Test
    void initiator_thatIsToTellFailures_publishesThatItHasToQueue() {
        Candidate a = new Candidate();
        ours(client(), a, new Events());
        soon().until(a::leads);
        Events events = new Events();
        LatchkeyLeaderInitiator second = new LatchkeyLeaderInitiator(client(), new Candidate());
        second.setPublishFailedEvents(true);
        second.setApplicationEventPublisher(events);
        toClose.add(second::destroy);
        second.start();
        soon().until(() -> events.count(OnFailedToAcquireMutexEvent.class) == 1);
    }
}
