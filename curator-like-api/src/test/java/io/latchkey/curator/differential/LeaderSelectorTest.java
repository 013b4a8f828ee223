package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.SelectorScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class LeaderSelectorTest {
    @Test
    void life_ofASelector() throws Exception {
        Comparison.of(SelectorScenarios.class, "life").same();
    }

    @Test
    void selectors_takeTurns() throws Exception {
        Comparison.of(SelectorScenarios.class, "turns").same();
    }

    @Test
    void leader_thatFails_givesTheLeadershipUp() throws Exception {
        Comparison.of(SelectorScenarios.class, "failure").same();
    }

    @Test
    void leader_thatIsInterruptedOrClosed_ends() throws Exception {
        Comparison.of(SelectorScenarios.class, "interruption").same();
    }

    @Test
    void leader_whoseSessionIsInDoubt_isCancelledByTheAdapter() throws Exception {
        Comparison.of(SelectorScenarios.class, "suspension").same();
    }

    @Test
    void leader_whoseSessionIsLost_andDoesNotListen() throws Exception {
        Comparison.of(SelectorScenarios.class, "loss")
                .differs("the first one believes that it leads", "true", "false")
                .differs("and after that", "true", "false")
                .otherwiseSame();
    }
}
