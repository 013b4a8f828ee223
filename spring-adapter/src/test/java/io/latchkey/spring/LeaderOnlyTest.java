package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.Participant;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TcpProxy;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.integration.leader.DefaultCandidate;

/** A {@code @LeaderOnly} method makes its application a candidate of an election, which everybody sees. */
@Timeout(90)
class LeaderOnlyTest {
    private static final Duration LEASE = Duration.ofSeconds(3);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final String role = "role-" + System.nanoTime();

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(5));
    }

    @Configuration(proxyBeanMethods = false)
    @EnableLatchkey
    static class Application {}

    static class Job {
        private final AtomicLong term = new AtomicLong();

        @LeaderOnly("${role}")
        public void run() {
            Lease lease = CurrentLease.get();
            term.set(lease.fencingToken());
            assertThat(lease.isValid()).isTrue();
            assertThat(lease.remaining()).isPositive();
            assertThatThrownBy(lease::release)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("until it stops");
            assertThatThrownBy(lease::releaseAsync).isInstanceOf(IllegalStateException.class);
        }

        /** The term in which it ran now; 0 if it did not. */
        public long termNow() {
            return term.getAndSet(0);
        }
    }

    private AnnotationConfigApplicationContext application(String holder, String url) {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource("test", Map.of("role", role, "spring.application.name", "shop")));
        context.registerBean(
                Latchkey.class,
                () -> Latchkey.builder(url).holder(holder).sessionTimeout(LEASE).connect());
        context.register(Application.class, Job.class);
        context.refresh();
        return context;
    }

    private static long termOf(AnnotationConfigApplicationContext application) {
        Job job = application.getBean(Job.class);
        job.run();
        return job.termNow();
    }

    @Test
    void leaderAndThoseWhoWait_areParticipants_withApplicationAndHost() {
        String url = POSTGRES.database().url();
        try (Latchkey anybody = Latchkey.connect(url);
                var first = application("shop-1", url)) {
            soon().until(() -> termOf(first) > 0);
            LatchkeyLeaderInitiator third = new LatchkeyLeaderInitiator(anybody, new DefaultCandidate("batch", role));
            try (var second = application("shop-2", url)) {
                soon().until(() -> anybody.election(role).participants().size() == 2);
                third.setMetadata("by hand");
                third.start();
                soon().until(() -> anybody.election(role).participants().size() == 3);
                assertThat(anybody.election(role).participants())
                        .extracting(Participant::id)
                        .containsExactly("shop-1", "shop-2", "batch");
                Participant leader = anybody.election(role).leader().orElseThrow();
                assertThat(leader.holder()).isEqualTo("shop-1");
                assertThat(leader.term()).isEqualTo(termOf(first));
                assertThat(leader.metadata())
                        .startsWith("application=shop, host=")
                        .hasSizeGreaterThan(23);
                assertThat(anybody.election(role).participants().get(2).metadata())
                        .isEqualTo("by hand");
                assertThat(termOf(second)).isZero();
            }
            soon().until(() -> anybody.election(role).participants().size() == 2); // one that stops leaves the queue
            first.close();
            soon().until(() -> third.getContext().isLeader());
            third.stop();
            soon().until(() -> anybody.election(role).participants().isEmpty());
        }
    }

    @Test
    void officeThatWasLost_isStoodForAgain() {
        try (var application = application("loses", POSTGRES.database().url())) {
            AtomicLong term = new AtomicLong();
            for (int i = 0; i < 2; i++) {
                long before = term.get();
                soon().until(() -> {
                    term.set(termOf(application));
                    return term.get() > before;
                });
                POSTGRES.database().execute("DELETE FROM latchkey._session WHERE holder = 'loses'");
            }
        }
    }

    @Test
    void applicationThatIsCutOff_runsItNoMore_whenTheNextLeads() throws Exception {
        try (TcpProxy proxy = TcpProxy.to(POSTGRES.database().address());
                var next = application("next", POSTGRES.database().url())) {
            soon().until(() -> termOf(next) > 0);
            next.getBean(Offices.class).stop();
            try (var first = application(
                    "first",
                    POSTGRES.database().address().withPort(proxy.port()).url())) {
                soon().until(() -> termOf(first) > 0);
                next.getBean(Offices.class).start();
                proxy.blackHole();
                soon().until(() -> termOf(next) > 0);
                assertThat(termOf(first)).isZero();
            }
        }
    }
}
