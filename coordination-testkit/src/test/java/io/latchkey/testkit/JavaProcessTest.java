package io.latchkey.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JavaProcessTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @Test
    void process_talksStandsStillAndGoesOn() {
        try (JavaProcess echo = JavaProcess.start(EchoMain.class, List.of("-Dgreeting=hello"), "world")) {
            assertThat(echo.expect("^hello (.*)$", SOON).group(1)).isEqualTo("world");
            echo.stop();
            echo.send("one");
            assertThatThrownBy(() -> echo.expect("one", Duration.ofMillis(200)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("hello world");
            echo.cont();
            echo.expect("one", SOON);
            echo.send("two");
            echo.expect("two", SOON);
            assertThat(echo.output()).containsExactly("hello world", "one", "two");
            assertThat(echo.end(SOON)).isZero();
            assertThat(echo.isRunning()).isFalse();
        }
    }

    @Test
    void kill_endsIt_evenStopped() {
        try (JavaProcess echo = JavaProcess.start(EchoMain.class, "x")) {
            echo.expect("x", SOON);
            echo.stop();
            echo.kill();
            assertThat(echo.isRunning()).isFalse();
            assertThatThrownBy(() -> echo.expect("y", SOON))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("has ended");
        }
    }

    /** Says hello, and then whatever it hears. */
    static final class EchoMain {
        private EchoMain() {}

        public static void main(String[] arguments) throws InterruptedException {
            ParentChannel parent = ParentChannel.open();
            parent.send(System.getProperty("greeting", "") + " " + arguments[0]);
            while (true) {
                parent.send(parent.receive());
            }
        }
    }
}
