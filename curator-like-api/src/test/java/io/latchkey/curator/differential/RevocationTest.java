package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.RevocationScenarios;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RevocationTest {
    @Test
    void holder_isAskedToGiveUp() throws Exception {
        Comparison.of(RevocationScenarios.class, "revocation").same();
    }
}
