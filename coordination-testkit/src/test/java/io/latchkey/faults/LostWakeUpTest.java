package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A notification is a hint: without it things take longer, and a forged one changes nothing. */
@Timeout(60)
final class LostWakeUpTest {
    private static final int TIMEOUT_MS = 3_000;
    private static final String NOTIFY =
            "CREATE OR REPLACE FUNCTION latchkey._notify(p_channel text, p_request bigint, p_token bigint, p_incarnation bigint)"
                    + " RETURNS void LANGUAGE plpgsql AS $$ BEGIN ";

    @Test
    void notificationsThatNeverArrive_theQueueMovesWithinAThirdOfTheSession() throws Exception {
        AtomicInteger missed = new AtomicInteger();
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS)
                        .events(new LatchkeyEvents() {
                            @Override
                            public void wakeUpMissed(String lock) {
                                missed.incrementAndGet();
                            }
                        })
                        .connect()) {
            database.execute(NOTIFY + "END $$");
            for (int i = 0; i < 3; i++) {
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                lease.release();
                long released = System.nanoTime();
                granted(waiter).close();
                assertThat(millisSince(released)).isLessThan(TIMEOUT_MS / 3 + 300);
            }
            assertThat(missed).hasPositiveValue();
        }
    }

    @Test
    void notificationQueueThatIsFull_failsNoRelease_andTheBackstopServes() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            database.execute(NOTIFY + """
                    IF coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
                        RAISE EXCEPTION USING ERRCODE = '54000', MESSAGE = 'too many notifications in the NOTIFY queue';
                    END IF; END $$""");
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            assertThat(lease.release()).isTrue();
            long released = System.nanoTime();
            granted(waiter).close();
            assertThat(millisSince(released)).isLessThan(TIMEOUT_MS / 3 + 300);

            Latchkey closing = client(database.url(), "closing", TIMEOUT_MS).connect();
            closing.lock("job").acquire();
            waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            closing.close(); // a hand-over too
            released = System.nanoTime();
            granted(waiter).close();
            assertThat(millisSince(released)).isLessThan(TIMEOUT_MS / 3 + 300);
        }
    }

    /** Nobody hands over but the waiter itself, when it looks; what it would notify is itself. */
    @Test
    void notificationQueueThatIsFull_andHolderThatIsGone_theWaitersRenewalServesIt() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            database.execute(NOTIFY + """
                    IF coalesce(current_setting('latchkey.quiet', true), '') <> 'on' THEN
                        RAISE EXCEPTION USING ERRCODE = '54000', MESSAGE = 'too many notifications in the NOTIFY queue';
                    END IF; END $$""");
            database.execute("DELETE FROM latchkey._session WHERE holder = 'holder'");
            granted(waiter).close();
        }
    }

    /** Its sender knows the channel, which only a superuser can find out, and what was sent on it before. */
    @Test
    void notificationsThatAreForged_changeNothing() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                Latchkey holder = client(database.url(), "holder", TIMEOUT_MS).connect();
                Latchkey client = client(database.url(), "client", TIMEOUT_MS).connect()) {
            String channel = text(database.address(), "SELECT channel FROM latchkey._session WHERE holder = 'client'");
            List<String> forged = new ArrayList<>(List.of("", "x", "1 2", "1 2 3", "1 2 3 4", "-1 -1 -1", "zz 1 1"));
            for (int i = 0; i < 2; i++) { // what was genuine once
                Lease lease = holder.lock("job").acquire();
                CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
                awaitWaiting(database.address(), "job", 1);
                String request =
                        text(database.address(), "SELECT to_hex(request) FROM latchkey._waiter WHERE token IS NULL");
                lease.release();
                try (Lease granted = granted(waiter)) {
                    forged.add(request + " " + granted.fencingToken() + " "
                            + text(database.address(), "SELECT id FROM latchkey._incarnation"));
                }
            }
            Random random = new Random(1);
            for (int i = 0; i < 200; i++) {
                forged.add(Long.toHexString(random.nextLong()) + " " + System.currentTimeMillis() * 1_000 + " "
                        + text(database.address(), "SELECT id FROM latchkey._incarnation"));
            }
            Lease lease = holder.lock("job").acquire();
            CompletableFuture<Lease> waiter = client.lock("job").acquireAsync();
            awaitWaiting(database.address(), "job", 1);
            forged.forEach(payload -> database.execute("SELECT pg_notify('" + channel + "', '" + payload + "')"));
            LockSupport.parkNanos(300_000_000);
            assertThat(waiter).isNotDone();
            assertThat(lease.isValid()).isTrue();
            lease.release();
            granted(waiter).close();
        }
    }
}
