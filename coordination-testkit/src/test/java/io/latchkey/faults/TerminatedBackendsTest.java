package io.latchkey.faults;

import static io.latchkey.faults.Scene.client;
import static io.latchkey.faults.Scene.eventually;
import static io.latchkey.faults.Scene.millisSince;
import static io.latchkey.faults.Scene.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class TerminatedBackendsTest {
    /** By name: the connections that renew and listen, those that carry the calls, all of them. */
    @ParameterizedTest
    @ValueSource(strings = {"control", "command", "%"})
    void connectionsThatAreTerminatedAgainAndAgain_disturbNobody(String which) throws Exception {
        List<Latchkey> clients = new ArrayList<>();
        try (TestDatabase database = Scene.installed(PostgresServer.shared(), 3_000)) {
            for (int i = 0; i < 4; i++) {
                clients.add(client(url(database, "command"), "client " + i, 3_000)
                        .listenerUrl(url(database, "control"))
                        .connect());
            }
            Contention contention = new Contention(clients, 4, 3);
            long start = System.nanoTime();
            int terminated = 0;
            while (millisSince(start) < 4_000) {
                LockSupport.parkNanos(300_000_000);
                terminated += (int) number(
                        database.address(),
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND pid <> pg_backend_pid() AND application_name LIKE '" + which + "'");
            }
            assertThat(terminated).isGreaterThan(20);
            List<Integer> before = contention.counts();
            eventually(() -> {
                List<Integer> now = contention.counts();
                boolean all = true;
                for (int i = 0; i < now.size(); i++) {
                    all &= now.get(i) > before.get(i);
                }
                return all || !contention.wrong().isEmpty();
            });
            assertThat(contention.end(Scene.PATIENCE))
                    .as("everybody gets through")
                    .isTrue();
            assertThat(contention.wrong()).isEmpty();
            eventually(
                    () -> number(database.address(), "SELECT count(*) FROM latchkey._waiter WHERE token IS NULL") == 0);
            clients.forEach(Latchkey::close);
            assertThat(number(database.address(), "SELECT count(*) FROM latchkey._waiter"))
                    .isZero();
            assertThat(number(database.address(), "SELECT count(*) FROM latchkey.sessions WHERE holder LIKE 'client%'"))
                    .isZero();
            assertThat(number(database.address(), "SELECT count(*) FROM latchkey.locks"))
                    .isZero();
        } finally {
            clients.forEach(Latchkey::close);
        }
    }

    private static String url(TestDatabase database, String name) {
        return database.address().withParameter("ApplicationName", name).url();
    }
}
