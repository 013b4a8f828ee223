package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A process that is asked for the time twice, and goes by a clock that jumps in between. */
final class FakeClockTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @Test
    void jump_isSeenByAProcessThatRuns() {
        assertThat(hoursOffAroundAJump(true)).containsExactly(-1, -5);
    }

    @Test
    void jump_isNotSeenByAProcessThatReadItsClockAtItsStart() {
        assertThat(hoursOffAroundAJump(false)).containsExactly(-1, -1);
    }

    private static int[] hoursOffAroundAJump(boolean seenToJump) {
        try (FakeClock clock = FakeClock.create()) {
            clock.setSeenToJump(seenToJump);
            clock.set(Duration.ofHours(-1));
            try (JavaProcess process = JavaProcess.start(ClockMain.class, List.of(), clock.environment())) {
                int before = hoursOff(process, 1);
                clock.set(Duration.ofHours(-5));
                return new int[] {before, hoursOff(process, 2)};
            }
        }
    }

    private static int hoursOff(JavaProcess process, int question) {
        process.send("what is the time?");
        String answer = process.expect("^" + question + ": (.*)$", SOON).group(1);
        return Math.round(Duration.between(Instant.now(), Instant.parse(answer)).toMinutes() / 60f);
    }

    /** Tells the time whenever it is asked. */
    static final class ClockMain {
        private ClockMain() {}

        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            for (int question = 1; ; question++) {
                parent.receive();
                parent.send(question + ": " + Instant.now());
            }
        }
    }
}
