package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GatheringTest {
    private final Gathering gathering = new Gathering();

    @Test
    void gathering_isWorthwhile_untilItWasInVain() {
        assertThat(gathering.isWorthwhile()).isTrue();
        gathering.complete();
        assertThat(gathering.isWorthwhile()).isTrue();
        gathering.inVain();
        assertThat(gathering.isWorthwhile()).isFalse();
    }

    @Test
    void gathering_isTriedAgain_afterLongerAndLongerRests_butNeverGivenUp() {
        int before = 0;
        for (int i = 0; i < 20; i++) {
            gathering.inVain();
            int rest = rest();
            assertThat(rest).isBetween(Math.max(1, before), 256);
            before = rest;
        }
        assertThat(before).isEqualTo(256);
    }

    @Test
    void gathering_thatSucceeds_isTrustedAgain() {
        for (int i = 0; i < 20; i++) {
            gathering.inVain();
        }
        rest();
        for (int i = 0; i < 9; i++) {
            gathering.complete();
        }
        gathering.inVain();
        assertThat(rest()).isEqualTo(1);
    }

    /** How many batches go until it is tried again. */
    private int rest() {
        int batches = 0;
        while (!gathering.isWorthwhile()) {
            gathering.sent();
            batches++;
        }
        return batches;
    }
}
