package io.latchkey.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.ParentChannel;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.integration.leader.Context;
import org.springframework.integration.leader.DefaultCandidate;
import org.springframework.integration.support.leader.LockRegistryLeaderInitiator;

/** Spring's own initiator in two processes, of which the one that leads is killed: nobody says good-bye. */
@Timeout(90)
class KilledLeaderTest {
    private static final Duration LEASE = Duration.ofSeconds(3);
    private static final Duration HEART_BEAT = Duration.ofMillis(200);
    private static final Duration BUSY_MACHINE = Duration.ofSeconds(2);
    private static final Duration LONG = Duration.ofSeconds(30);

    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    /** The process that leads first. */
    public static final class First {
        private First() {}

        /** Leads until it is killed. */
        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            LockRegistryLeaderInitiator initiator =
                    initiator(connect(arguments[0]), arguments[1], () -> parent.send("I lead"));
            initiator.start();
            new CountDownLatch(1).await();
        }
    }

    private static Latchkey connect(String url) {
        return Latchkey.builder(url).sessionTimeout(LEASE).connect();
    }

    private static LockRegistryLeaderInitiator initiator(Latchkey latchkey, String role, Runnable onGranted) {
        LockRegistryLeaderInitiator initiator =
                new LockRegistryLeaderInitiator(new LatchkeyLockRegistry(latchkey), new DefaultCandidate("id", role) {
                    @Override
                    public void onGranted(Context context) {
                        onGranted.run();
                    }
                });
        initiator.setHeartBeatMillis(HEART_BEAT.toMillis());
        initiator.setApplicationEventPublisher(event -> {});
        return initiator;
    }

    @Test
    void next_isGrantedWithinTheLeaseAndAHeartBeat() throws Exception {
        String role = "killed-" + System.nanoTime();
        String url = POSTGRES.database().url();
        CountDownLatch granted = new CountDownLatch(1);
        try (JavaProcess first = JavaProcess.start(First.class, url, role);
                Latchkey latchkey = connect(url)) {
            first.expect("I lead", LONG);
            LockRegistryLeaderInitiator next = initiator(latchkey, role, granted::countDown);
            next.start();
            try {
                assertThat(granted.await(2 * LEASE.toMillis(), TimeUnit.MILLISECONDS))
                        .as("granted while the first lives")
                        .isFalse();
                long start = System.nanoTime();
                first.kill();
                assertThat(granted.await(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isLessThan(LEASE.plus(HEART_BEAT).plus(BUSY_MACHINE));
            } finally {
                next.destroy();
            }
        }
    }
}
