package io.latchkey.shedlock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.latchkey.testkit.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that die, and processes whose clock is wrong. */
class OtherProcessesTest extends ProviderTest {
    private static JavaProcess worker() {
        JavaProcess worker = JavaProcess.start(JobWorker.class, database().url());
        worker.expect("ready", SOON);
        return worker;
    }

    private static void ask(JavaProcess worker, String what, String answer) {
        worker.send(what);
        worker.expect("^" + answer + "$", SOON);
    }

    private Duration heldFor() {
        return Duration.ofMillis(Long.parseLong(LockRows.ask(
                database(),
                "SELECT (extract(epoch FROM ends_at - held_since) * 1000)::bigint FROM latchkey.locks WHERE name = ?",
                job)));
    }

    @Test
    void killedWhileItsTaskRuns_staysLockedUntilLockAtMostFor() {
        try (JavaProcess worker = worker()) {
            ask(worker, "lock " + job + " 2500 0", "locked true");
            worker.kill();
        }
        LatchkeyLockProvider other = provider();
        assertThat(other.lock(time(MINUTE))).isEmpty();
        assertThat(heldFor()).isEqualTo(Duration.ofMillis(2500));
        awaitUnlocked();
        assertFree(other);
    }

    @Test
    void killedAfterItsTask_staysLockedForLockAtLeastFor() {
        try (JavaProcess worker = worker()) {
            ask(worker, "lock " + job + " 60000 2500", "locked true");
            ask(worker, "unlock", "unlocked");
            worker.kill();
        }
        LatchkeyLockProvider other = provider();
        assertThat(other.lock(time(MINUTE))).isEmpty();
        assertThat(heldFor()).isEqualTo(Duration.ofMillis(2500));
        awaitUnlocked();
        assertFree(other);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-5h", "+5h"})
    void clockThatIsHoursOff_decidesNothing(String offset) throws Exception {
        try (JavaProcess odd = fakeTime(offset)) {
            odd.send("clock");
            long clock = Long.parseLong(odd.expect("clock (\\d+)", SOON).group(1));
            assertThat(Math.abs(clock - System.currentTimeMillis()))
                    .as("its clock is off")
                    .isGreaterThan(Duration.ofHours(4).toMillis());
            ask(odd, "lock " + job + " 60000 0", "locked true");
            assertThat(heldFor()).isEqualTo(MINUTE);
            LatchkeyLockProvider straight = provider();
            assertThat(straight.lock(time(MINUTE))).isEmpty();
            ask(odd, "valid", "valid true");
            ask(odd, "extend 1500", "extended true");
            awaitUnlocked();
            ask(odd, "extend 60000", "extended false");
            var mine = take(straight, time(MINUTE));
            ask(odd, "lock " + job + " 60000 0", "locked false");
            ask(odd, "unlock", "unlocked");
            assertThat(isLocked()).isTrue();
            mine.unlock();
            ask(odd, "lock " + job + " 60000 1000", "locked true");
            ask(odd, "unlock", "unlocked");
            assertThat(heldFor()).isEqualTo(Duration.ofSeconds(1));
        }
    }

    /** A JVM under libfaketime: its wall clock is off, its monotonic clock is not. */
    private static JavaProcess fakeTime(String offset) throws Exception {
        Path library = findFakeTime();
        if (library == null && Files.isExecutable(Path.of("/usr/bin/apt-get"))) { // does nothing unless this is root
            String install = "apt-get -q -y --no-install-recommends install faketime";
            new ProcessBuilder("sh", "-c", install + " || { apt-get -q update && " + install + "; }")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            library = findFakeTime();
        }
        assumeTrue(library != null, "needs: libfaketime - get it with: apt-get install faketime");
        JavaProcess worker = JavaProcess.start(
                JobWorker.class,
                List.of(),
                Map.of("LD_PRELOAD", String.valueOf(library), "FAKETIME", offset, "FAKETIME_DONT_FAKE_MONOTONIC", "1"),
                database().url());
        worker.expect("ready", SOON);
        return worker;
    }

    private static @Nullable Path findFakeTime() {
        try (var files = Files.find(
                Path.of("/usr/lib"), 4, (path, attributes) -> path.endsWith("faketime/libfaketimeMT.so.1"))) {
            return files.findFirst().orElse(null);
        } catch (IOException e) {
            return null;
        }
    }
}
