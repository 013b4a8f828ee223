package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.ParentChannel;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.DefaultCandidate;

/** Candidates in two processes, of which the one that leads is killed: nobody says good-bye. Spring's own initiator and ours. */
@Timeout(120)
class KilledLeaderTest {
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration BUSY_MACHINE = Duration.ofSeconds(5);
    private static final Duration LONG = Duration.ofSeconds(30);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    /** The process that leads both roles first. */
    public static final class First {
        private First() {}

        /** Leads until it is killed. */
        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            Latchkey latchkey = connect(arguments[0]);
            CountDownLatch granted = new CountDownLatch(Initiator.values().length);
            for (Initiator kind : Initiator.values()) {
                Initiator.Running unused = start(latchkey, kind, arguments[1], granted::countDown);
            }
            granted.await();
            parent.send("I lead");
            new CountDownLatch(1).await();
        }
    }

    private static Latchkey connect(String url) {
        return Latchkey.builder(url).sessionTimeout(LEASE).connect();
    }

    private static Initiator.Running start(Latchkey latchkey, Initiator kind, String role, Runnable onGranted) {
        DefaultCandidate candidate = new DefaultCandidate("id", role + kind) {
            @Override
            public void onGranted(Context context) {
                onGranted.run();
            }
        };
        return kind.start(latchkey, candidate, event -> {});
    }

    @Test
    void next_isGrantedWithinTheLeaseAndAHeartBeat() throws Exception {
        String role = "killed-" + System.nanoTime() + "-";
        String url = POSTGRES.database().url();
        Map<Initiator, CountDownLatch> granted = new EnumMap<>(Initiator.class);
        try (JavaProcess first = JavaProcess.start(First.class, url, role);
                Latchkey latchkey = connect(url)) {
            first.expect("I lead", LONG);
            for (Initiator kind : Initiator.values()) {
                granted.put(kind, new CountDownLatch(1));
                Initiator.Running unused = start(latchkey, kind, role, granted.get(kind)::countDown);
            }
            Thread.sleep(LEASE.plusSeconds(1).toMillis()); // it lives, so its lease goes on
            assertThat(granted.values()).allMatch(latch -> latch.getCount() == 1);
            long start = System.nanoTime();
            first.kill();
            for (CountDownLatch latch : granted.values()) {
                assertThat(latch.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
            }
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(LEASE.plus(Initiator.HEART_BEAT).plus(BUSY_MACHINE));
        }
    }
}
