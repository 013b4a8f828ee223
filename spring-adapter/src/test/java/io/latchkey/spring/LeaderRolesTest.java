package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.integration.config.EnableIntegration;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.support.SmartLifecycleRoleController;

/** Spring starts what has a role where its leader is, and stops it where it is not any more. */
@Timeout(60)
class LeaderRolesTest {
    private static final String ROLE = "polls-the-mailbox";

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Configuration(proxyBeanMethods = false)
    @EnableIntegration
    static class Integration {}

    private static ConditionFactory soon() {
        return await().atMost(Duration.ofSeconds(20));
    }

    /** An application with one part that only the leader runs. */
    private static final class Host implements AutoCloseable {
        final Latchkey latchkey = Latchkey.builder(POSTGRES.database().url())
                .sessionTimeout(Duration.ofSeconds(3))
                .connect();
        final Part part = new Part();
        final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

        Host() {
            context.register(Integration.class);
            context.registerBean(LatchkeyLeaderInitiator.class, this::initiator);
            context.refresh();
            context.getBean(SmartLifecycleRoleController.class).addLifecycleToRole(ROLE, part);
            context.getBean(LatchkeyLeaderInitiator.class).start();
        }

        private LatchkeyLeaderInitiator initiator() {
            LatchkeyLeaderInitiator initiator =
                    new LatchkeyLeaderInitiator(latchkey, new DefaultCandidate("host", ROLE));
            initiator.setAutoStartup(false); // not before the role knows its part
            return initiator;
        }

        @Override
        public void close() {
            context.close();
            latchkey.close();
        }
    }

    private static final class Part implements SmartLifecycle {
        private volatile boolean running;

        @Override
        public void start() {
            running = true;
        }

        @Override
        public void stop() {
            running = false;
        }

        @Override
        public boolean isRunning() {
            return running;
        }

        @Override
        public boolean isAutoStartup() {
            return false;
        }
    }

    @Test
    void roleRuns_whereTheLeaderIs() {
        try (Host first = new Host();
                Host second = new Host()) {
            soon().until(() -> first.part.running || second.part.running);
            Host leads = first.part.running ? first : second;
            Host follows = leads == first ? second : first;
            assertThat(follows.part.running).isFalse();
            leads.context.getBean(LatchkeyLeaderInitiator.class).stop();
            soon().until(() -> follows.part.running);
            assertThat(leads.part.running).isFalse();
        }
    }

    @Test
    void role_stopsWhenItsSessionIsLost_andStartsAgain() {
        try (Host host = new Host()) {
            soon().until(() -> host.part.running);
            host.part.stop(); // what only the role controller will undo
            POSTGRES.database()
                    .execute("DELETE FROM latchkey._session WHERE holder = '" + host.latchkey.holder() + "'");
            soon().until(() -> host.part.running);
        }
    }
}
