package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.LatchScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LeaderLatchTest {
    @Test
    void life_ofALatch() throws Exception {
        Comparison.of(LatchScenarios.class, "life").same();
    }

    @Test
    void latches_leadInTheOrderOfArrival() throws Exception {
        Comparison.of(LatchScenarios.class, "order").same();
    }

    @Test
    void closeModes_decideWhatListenersHear() throws Exception {
        Comparison.of(LatchScenarios.class, "closeModes").same();
    }

    @Test
    void listeners_thatAreLateOrSlow() throws Exception {
        Comparison.of(LatchScenarios.class, "listeners")
                .differs("late", "[]", "[leads]")
                .differs("waits for a slow listener", "true", "false")
                .otherwiseSame();
    }

    @Test
    void latch_startedBeforeItsClient_joinsWhenItIsConnected() throws Exception {
        Comparison.of(LatchScenarios.class, "lateClient").same();
    }

    @Test
    void latch_whoseSessionIsInDoubt_stepsDownAndUpAgain() throws Exception {
        Comparison.of(LatchScenarios.class, "suspension").same();
    }

    @Test
    void latch_whoseSessionIsLost_joinsAgainAtTheEnd() throws Exception {
        Comparison.of(LatchScenarios.class, "loss").same();
    }

    @Test
    void latch_whoseClientIsClosed() throws Exception {
        Comparison.of(LatchScenarios.class, "closing")
                .differs("leads", "true", "false")
                .differs("close", "IOException", "done")
                .otherwiseSame();
    }
}
