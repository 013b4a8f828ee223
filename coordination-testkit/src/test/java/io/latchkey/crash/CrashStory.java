package io.latchkey.crash;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.granted;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static io.latchkey.faults.Scene.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * The same story for every kind of crash: a holder whose grant survives, one whose grant is lost, one who gave back and the crash
 * forgot it, and others who wait.
 */
final class CrashStory {
    static final int TIMEOUT_MS = 3_000;

    /** What the crash does, before and when it happens, and where the database is after it. */
    interface Crash {
        /** From here on commits are not flushed (or replicated). */
        default void holdBack() {}

        void happen();

        DatabaseAddress afterwards();

        /** Whether commits since {@link #holdBack()} are lost for sure. */
        default boolean losesCommits() {
            return true;
        }
    }

    private CrashStory() {}

    static void play(TestDatabase database, String url, Crash crash) throws Exception {
        try (Latchkey holder = client(url, "holder", TIMEOUT_MS).connect();
                Latchkey other = client(url, "other", TIMEOUT_MS).connect()) {
            long earlier = take(holder, "lost");
            Lease survives = holder.lock("survives").acquire();
            Lease givenBack = holder.lock("given back").acquire();
            database.execute("CREATE TABLE canary ()"); // flushes what was committed before
            crash.holdBack();
            database.execute("SET synchronous_commit = off; INSERT INTO canary DEFAULT VALUES");
            Lease lost = holder.lock("lost").acquire();
            assertThat(lost.fencingToken()).isGreaterThan(earlier);
            assertThat(givenBack.release()).isTrue();
            CompletableFuture<Lease> waiter = other.lock("lost").acquireAsync();
            awaitWaiting(database.address(), "lost", 1);

            try (Observer ofSurvivor = new Observer(survives);
                    Observer ofLost = new Observer(lost)) {
                long before = System.nanoTime();
                crash.happen();
                long downMs = millisSince(before);
                DatabaseAddress now = crash.afterwards();
                if (crash.losesCommits()) {
                    assertThat(number(now, "SELECT count(*) FROM canary")).isZero();
                }
                nothingIsGrantedDuringGrace(now, other, waiter);

                if (downMs > TIMEOUT_MS / 2) {
                    return; // no promise was broken; this machine was too slow for the rest of the story
                }
                assertThat(ofSurvivor.seenInvalid())
                        .as("down for %s ms", downMs)
                        .isFalse();
                assertThat(ofLost.seenInvalid()).as("down for %s ms", downMs).isFalse();
                assertThat(ofSurvivor.losses() + ofLost.losses()).isZero();
            }
            assertThat(take(other, "given back")).isGreaterThan(givenBack.fencingToken());
            assertThat(take(other, "new")).isPositive();
            assertThat(waiter).isNotDone();
            fencedWrite(crash.afterwards(), lost);
            fencedWrite(crash.afterwards(), survives);
            long survivor = survives.fencingToken();
            assertThat(survives.release()).isTrue();
            assertThat(take(other, "survives")).isGreaterThan(survivor);
            assertThat(lost.release()).isTrue();
            try (Lease next = granted(waiter)) {
                assertThat(next.fencingToken()).isGreaterThan(lost.fencingToken());
            }
        }
        assertThat(text(crash.afterwards(), "SELECT count(*) FROM latchkey._session WHERE holder <> 'installer'"))
                .isEqualTo("0");
    }

    /** A lock that was never taken, one that was given back, and one whose grant was lost. */
    private static void nothingIsGrantedDuringGrace(
            DatabaseAddress where, Latchkey other, CompletableFuture<Lease> waiter) {
        boolean seen = false;
        while (graceLeftMs(where) != 0) {
            boolean granted = waiter.isDone() || tryOnce(other, "new") || tryOnce(other, "given back");
            boolean inGrace = graceLeftMs(where) > 0;
            assertThat(granted && inGrace).isFalse();
            seen |= inGrace;
            LockSupport.parkNanos(20_000_000);
        }
        assertThat(seen).as("there was a grace period").isTrue();
    }

    /** -1: nobody has asked yet. */
    private static long graceLeftMs(DatabaseAddress where) {
        String left = text(where, "SELECT latchkey._ms_until(granting_from) FROM latchkey._incarnation");
        return left.equals("none") ? -1 : Long.parseLong(left);
    }

    private static boolean tryOnce(Latchkey client, String lock) {
        try {
            Optional<Lease> lease = client.lock(lock).tryAcquire();
            lease.ifPresent(Lease::close);
            return lease.isPresent();
        } catch (DatabaseUnavailableException e) {
            return false; // it has not recovered yet
        }
    }

    private static long take(Latchkey client, String lock) throws InterruptedException {
        try (Lease lease = client.lock(lock).acquire()) {
            return lease.fencingToken();
        }
    }

    private static void fencedWrite(DatabaseAddress where, Lease lease) throws SQLException {
        try (Connection connection = where.connect()) {
            connection.setAutoCommit(false);
            lease.fence(connection);
            connection.commit();
        }
    }
}
