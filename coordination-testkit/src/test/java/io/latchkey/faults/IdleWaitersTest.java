package io.latchkey.faults;

import static io.latchkey.faults.Scene.awaitWaiting;
import static io.latchkey.faults.Scene.client;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class IdleWaitersTest {
    @Test
    void thousandWaiters_sendNothingButTheirClientsRenewals() throws Exception {
        try (CrashableServer server = PostgresServer.start(
                        ServerOptions.defaults().setting("log_statement", "all").setting("log_line_prefix", "%a: "));
                TestDatabase database = Scene.installed(server, 3_000);
                Latchkey holder = client(database.url(), "holder", 3_000).connect();
                Latchkey client = client(
                                database.address()
                                        .withParameter("ApplicationName", "idle")
                                        .url(),
                                "client",
                                3_000)
                        .connect()) {
            List<CompletableFuture<Lease>> waiters = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                holder.lock("lock " + i).acquire();
            }
            for (int i = 0; i < 1_000; i++) {
                waiters.add(client.lock("lock " + i).acquireAsync());
            }
            awaitWaiting(database.address(), "lock %", 1_000);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1_200)); // the proof that notifications arrive

            int before = server.log().length();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(4_000));
            List<String> statements = server.log()
                    .substring(before)
                    .lines()
                    .filter(line -> line.matches("idle: .*(execute|statement).*"))
                    .toList();
            assertThat(statements).hasSizeBetween(3, 5).allMatch(line -> line.contains("renew_session"));
            assertThat(waiters).noneMatch(CompletableFuture::isDone);
            holder.close();
            for (CompletableFuture<Lease> waiter : waiters) {
                Scene.granted(waiter);
            }
        }
    }
}
