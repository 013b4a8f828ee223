package io.latchkey.curator.differential;

import io.latchkey.curator.differential.scenarios.ClientScenarios;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ClientTest {
    @Test
    void life_ofAClient() throws Exception {
        Comparison.of(ClientScenarios.class, "life").same();
    }

    @Test
    void paths_thatAreNone_areRefusedInTheSameWords() throws Exception {
        Comparison.of(ClientScenarios.class, "paths").same();
    }

    @Test
    void namespaces_keepPathsApart() throws Exception {
        String reason =
                "IllegalArgumentException: Invalid namespace: /one, Invalid path string \"//one\" caused by empty node name specified @1";
        Comparison.of(ClientScenarios.class, "namespaces")
                .differs("with a slash", "UncheckedExecutionException: java.lang." + reason, reason)
                .otherwiseSame();
    }

    @Test
    void outages_goThroughTheSameStates() throws Exception {
        Comparison.of(ClientScenarios.class, "outages").same();
    }

    @Test
    void listeners_thatAreLateSlowOrFail() throws Exception {
        Logger log = Logger.getLogger("io.latchkey.curator");
        log.setLevel(Level.OFF); // of the listener that fails
        try {
            Comparison.of(ClientScenarios.class, "listeners")
                    .differs("beside a slow one", "false", "true")
                    .otherwiseSame();
        } finally {
            log.setLevel(null);
        }
    }
}
