package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ReplyTest {
    @Test
    void parse_fullReply() {
        assertThat(Reply.parse("(granted,1795240448530226,3470625007528452,17,)"))
                .isEqualTo(new Reply("granted", 1795240448530226L, 3470625007528452L, 17, 0));
    }

    @Test
    void parse_whatIsNull_isAbsent() {
        assertThat(Reply.parse("(released,,,,)")).isEqualTo(Reply.of("released"));
    }

    @Test
    void parseRenewal_withGrants_readsRequestsAsUnsignedHex() {
        Renewal renewal = Renewal.parse("(alive,5,1000,ffffffffffffffff:17;2a:18)");
        assertThat(renewal.alive()).isTrue();
        assertThat(renewal.lookMs()).isEqualTo(1000);
        assertThat(renewal.grants()).isEqualTo(Map.of(-1L, 17L, 42L, 18L));
    }

    @Test
    void parseRenewal_ofAnUnknownSession() {
        Renewal renewal = Renewal.parse("(no_session,5,,)");
        assertThat(renewal.alive()).isFalse();
        assertThat(renewal.incarnation()).isEqualTo(5);
        assertThat(renewal.lookMs()).isEqualTo(-1);
        assertThat(renewal.grants()).isEmpty();
    }
}
