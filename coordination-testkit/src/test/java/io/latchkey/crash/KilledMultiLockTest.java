package io.latchkey.crash;

import static io.latchkey.faults.Scene.client;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.MultiLease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.JavaProcess;
import io.latchkey.testkit.ParentChannel;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process that is killed while it has the first of several locks and waits for the next. */
@Timeout(60)
final class KilledMultiLockTest {
    @Test
    void processThatIsKilledInTheMiddle_leavesNothingTaken() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 1_000);
                Latchkey other = client(database.url(), "other", 1_000).connect()) {
            Lease taken = other.lock("b").acquire();
            try (JavaProcess worker = JavaProcess.start(Worker.class, database.url())) {
                worker.expect("ready", Scene.PATIENCE);
                Scene.awaitWaiting(database.address(), "b", 1);
                assertThat(other.lock("a").tryAcquire()).isEmpty();
                worker.kill();
            }
            taken.release();
            try (MultiLease all =
                    other.multiLock("a", "b", "c").tryAcquire(Scene.PATIENCE).orElseThrow()) {
                assertThat(all.isValid()).isTrue();
                Scene.eventually(() -> Scene.number(database.address(), "SELECT count(*) FROM latchkey._waiter") == 0);
            }
        }
    }

    /** Waits for three locks. */
    static final class Worker {
        private Worker() {}

        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            Latchkey latchkey = client(arguments[0], "worker", 1_000).connect();
            parent.send("ready");
            latchkey.multiLock("a", "b", "c").acquire();
            parent.send("acquired");
            parent.receive();
        }
    }
}
