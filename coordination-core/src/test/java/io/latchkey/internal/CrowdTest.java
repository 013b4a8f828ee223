package io.latchkey.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CrowdTest {
    private final Crowd crowd = new Crowd();

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            crowd.look();
        }
    }

    @Test
    void loneCaller_isNoCrowd() {
        for (int call = 0; call < 100; call++) {
            crowd.enter();
            crowd.look();
            crowd.leave();
        }
        assertThat(crowd.size()).isEqualTo(1);
    }

    @Test
    void crowd_isSeenAtOnce_andForgottenSlowly() {
        for (int caller = 0; caller < 8; caller++) {
            crowd.enter();
        }
        crowd.look();
        assertThat(crowd.size()).isEqualTo(8);
        for (int caller = 0; caller < 7; caller++) {
            crowd.leave();
        }
        look(3);
        assertThat(crowd.size()).isBetween(3, 7);
        look(30);
        assertThat(crowd.size()).isEqualTo(1);
    }
}
