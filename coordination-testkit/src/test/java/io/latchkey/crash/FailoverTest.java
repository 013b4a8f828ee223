package io.latchkey.crash;

import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.StandbyServer;
import io.latchkey.testkit.TestDatabase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(90)
final class FailoverTest {
    @Test
    void promotionOfAStandbyThatLacksTheLastGrants_holdersResumeThere_andNoTokenIsRepeated() throws Exception {
        try (CrashableServer primary = PostgresServer.start();
                TestDatabase database = Scene.installed(primary, CrashStory.TIMEOUT_MS);
                StandbyServer standby = primary.standby()) {
            CrashStory.play(database, database.address().urlOfPrimaryAmong(standby), new CrashStory.Crash() {
                @Override
                public void holdBack() {
                    standby.awaitCaughtUp();
                    standby.disconnect();
                }

                @Override
                public void happen() {
                    primary.crash();
                    standby.promote();
                }

                @Override
                public DatabaseAddress afterwards() {
                    return database.address().withPort(standby.address().port());
                }
            });
        }
    }
}
