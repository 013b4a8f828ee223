package io.latchkey.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.DatabaseUnavailableException;
import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.faults.Scene;
import io.latchkey.testkit.CrashableServer;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.ServerOptions;
import io.latchkey.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code sslmode=verify-full}, with a certificate authority and certificates that are made here. */
@Timeout(120)
final class TlsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path folder;

    @SuppressWarnings("NullAway.Init")
    private static Certificates certificates;

    @SuppressWarnings("NullAway.Init")
    private static CrashableServer server;

    @SuppressWarnings("NullAway.Init")
    private static TestDatabase database;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        certificates = Certificates.make(folder, "localhost");
        server = PostgresServer.start(ServerOptions.defaults()
                .setting("listen_addresses", "127.0.0.1")
                .setting("ssl", "on")
                .setting("ssl_cert_file", certificates.certificate().toString())
                .setting("ssl_key_file", certificates.key().toString()));
        database = Scene.installed(server, 1_000);
    }

    @AfterAll
    static void stop() {
        if (database != null) {
            database.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static String url(String host, Path rootCertificate) {
        DatabaseAddress plain = database.address();
        return new DatabaseAddress(
                        host, plain.port(), plain.database(), plain.user(), plain.password(), plain.parameters())
                .withParameter("sslmode", "verify-full")
                .withParameter("sslrootcert", rootCertificate.toString())
                .url();
    }

    @Test
    void verifyFull_withTheRightAuthorityAndHost_encryptsEveryConnection() throws Exception {
        String url = url("localhost", certificates.authority());
        try (Latchkey a = Scene.client(url, "a", 15_000).connect();
                Latchkey b = Scene.client(url, "b", 15_000).connect()) {
            Lease lease = a.lock("x").acquire();
            CompletableFuture<Lease> waiter = b.lock("x").acquireAsync();
            Scene.awaitWaiting(database.address(), "x", 1);
            assertThat(Scene.text(database.address(), """
                            SELECT count(*) || ' of them encrypted: ' || count(*) FILTER (WHERE s.ssl) FROM pg_stat_ssl s
                              JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'latchkey'""")).matches("([4-9]) of them encrypted: \\1");
            long released = System.nanoTime();
            lease.release();
            Scene.granted(waiter).release();
            assertThat(Scene.millisSince(released))
                    .as("notifications arrive over TLS, too")
                    .isLessThan(5_000);
            assertThat(b.isPolling()).isFalse();
        }
    }

    @Test
    void verifyFull_underAnotherHostName_isRefused() {
        assertRefused(url("127.0.0.1", certificates.authority()), "127.0.0.1");
        String lessStrict = url("127.0.0.1", certificates.authority()).replace("verify-full", "verify-ca");
        Scene.client(lessStrict, "verify-ca does not look at the host", 15_000)
                .connect()
                .close();
    }

    @Test
    void verifyFull_withAnAuthorityThatDidNotSign_isRefused() throws Exception {
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        assertRefused(url("localhost", Certificates.make(elsewhere, "localhost").authority()), "PKIX");
        String unchecked = url("localhost", certificates.authority())
                .replace("verify-full", "require")
                .replaceAll("&?sslrootcert=[^&]*", "");
        Scene.client(unchecked, "require believes anybody", 15_000).connect().close();
    }

    private static void assertRefused(String url, String reason) {
        assertThatThrownBy(() -> Scene.client(url, "a", 15_000).connect().close())
                .isInstanceOf(DatabaseUnavailableException.class)
                .hasMessageNotContaining(database.address().password())
                .satisfies(e -> assertThat(Certificates.reasons(e)).contains(reason));
    }
}
