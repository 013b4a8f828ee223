package io.latchkey.elections;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.elections.LeaderKills.Kind;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fifty candidates in five processes, whose leader is killed a hundred times: never two at one moment, judged by one clock. */
@Timeout(400)
final class LeaderKillsTest {
    private static final int TIMEOUT_MS = 1_000;

    @Test
    void hundredKills_neverTwoLeaders_andTermsRise() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                LeaderKills kills = new LeaderKills(database, TIMEOUT_MS, 5, 10, "deadline")) {
            for (Kind kind : LeaderKills.mixture(new Random(1), 64, 12, 12, 12)) {
                kills.strike(kind);
            }
            Terms terms = kills.terms();
            System.out.print(kills.figures());
            assertThat(terms.wrong()).isEmpty();
            assertThat(terms.size()).isGreaterThan(90);
            // Exact figures are for a machine that does nothing else: LeaderKillsMain.
            assertThat(kills.percentile(Kind.CLOSE, 50)).isLessThan(100);
            for (Kind kind : List.of(Kind.KILL, Kind.STOP, Kind.RESET)) {
                assertThat(kills.percentile(kind, 99)).isLessThan(TIMEOUT_MS + 1_500);
            }
            terms.led("the checker is awake", System.nanoTime(), 0, Long.MAX_VALUE);
            assertThat(terms.wrong()).isNotEmpty();
        }
    }

    /** The control: who trusts what its listener was told, and not the deadline, leads beside its successor. */
    @Test
    void leadersThatTrustFlag_leadBesideTheirSuccessors() throws Exception {
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), TIMEOUT_MS);
                LeaderKills kills = new LeaderKills(database, TIMEOUT_MS, 3, 1, "flag")) {
            for (int i = 0; i < 3; i++) {
                kills.strike(Kind.STOP);
            }
            assertThat(kills.terms().wrong()).isNotEmpty();
        }
    }
}
