package io.latchkey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OptionsTest {
    private static final String URL = "jdbc:postgresql://127.0.0.1:1/none";

    @Test
    void leaseTime_outOfItsBounds_isRefused() {
        for (Duration bad :
                new Duration[] {Duration.ZERO, Duration.ofMillis(-1), Duration.ofNanos(1), Duration.ofDays(366)}) {
            assertThatThrownBy(() -> LeaseTime.atMost(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("1 ms to 365 days");
        }
        LeaseTime second = LeaseTime.atMost(Duration.ofSeconds(1));
        assertThatThrownBy(() -> second.atLeast(Duration.ofSeconds(2))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> second.atLeast(Duration.ofSeconds(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThat(second.atLeast(Duration.ofSeconds(1)).atLeast()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void options_outOfTheirBounds_areRefused_beforeConnecting() {
        assertRefused(Latchkey.builder(URL).sessionTimeout(Duration.ZERO), "sessionTimeout");
        assertRefused(Latchkey.builder(URL).sessionTimeout(Duration.ofHours(2)), "sessionTimeout");
        assertRefused(Latchkey.builder(URL).holder(""), "holder");
        assertRefused(Latchkey.builder(URL).holder("x".repeat(513)), "holder");
        assertRefused(Latchkey.builder(URL).commandConnections(0), "commandConnections");
        assertRefused(Latchkey.builder(URL).pollInterval(Duration.ZERO), "pollInterval");
        assertRefused(Latchkey.builder(URL).spin(Duration.ofNanos(-1)), "spin");
        assertRefused(Latchkey.builder(URL).spin(Duration.ofMillis(2)), "spin");
    }

    private static void assertRefused(LatchkeyBuilder builder, String what) {
        assertThatThrownBy(builder::connect)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(what);
    }

    @Test
    void connect_whereNobodyListens_saysWhereInOneSentence() {
        assertThatThrownBy(() -> Latchkey.connect(URL + "?user=me&password=secret"))
                .isInstanceOf(DatabaseUnavailableException.class)
                .hasMessageContaining("127.0.0.1:1/none")
                .hasMessageNotContaining("secret");
    }
}
