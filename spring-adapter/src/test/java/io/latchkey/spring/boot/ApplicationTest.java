package io.latchkey.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import io.latchkey.Latchkey;
import io.latchkey.spring.CurrentLease;
import io.latchkey.spring.LatchkeyLockRegistry;
import io.latchkey.spring.LeaderOnly;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;

/** Whole applications: web, actuator, JDBC and Flyway, with nothing written for Latchkey but one dependency. */
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class ApplicationTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    @Import(Billing.class)
    static class Application {}

    static class Billing {
        private final AtomicLong term = new AtomicLong();

        long term() { // a method: the fields of a proxy are empty
            return term.get();
        }

        @Scheduled(fixedDelay = 20)
        @LeaderOnly("billing")
        public void bill() {
            term.set(CurrentLease.get().fencingToken());
        }
    }

    private static ConfigurableApplicationContext start(String url, String... arguments) {
        List<String> all = new ArrayList<>(List.of(
                "--spring.datasource.url=" + url,
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--spring.liquibase.enabled=false", // it has no changes here; see MigrationOrderTest
                "--spring.datasource.hikari.maximum-pool-size=3",
                "--spring.datasource.hikari.connection-timeout=500"));
        all.addAll(List.of(arguments));
        return SpringApplication.run(Application.class, all.toArray(String[]::new));
    }

    @Test
    void application_starts_elects_andTellsItsHealth() throws Exception {
        try (TestDatabase database = PostgresServer.shared().database();
                var first = start(
                        database.url(),
                        "--management.endpoint.health.show-details=always",
                        "--management.endpoints.web.exposure.include=health,latchkey",
                        "--spring.application.name=shop")) {
            Billing billing = first.getBean(Billing.class);
            await().atMost(Duration.ofSeconds(20)).until(() -> billing.term() > 0);
            String port = first.getEnvironment().getProperty("local.server.port");
            HttpResponse<String> health = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator/health"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(health.statusCode()).isEqualTo(200);
            assertThat(health.body()).contains("\"latchkey\"", "\"session\":\"CONNECTED\"", "notificationQueue");
            HttpResponse<String> endpoint = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/actuator/latchkey"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());
            assertThat(endpoint.body()).contains("\"election\":\"billing\"", "\"metadata\":\"application=shop, host=");
            try (var second = start(database.url())) {
                Billing others = second.getBean(Billing.class);
                assertThat(others.term()).isZero();
                first.close();
                await().atMost(Duration.ofSeconds(20)).until(() -> others.term() > billing.term());
            }
        }
    }

    /** All connections of the application's pool are taken, and idle in transactions. */
    @Test
    void poolThatIsExhausted_keepsNoLockAndNoRenewalWaiting() throws Exception {
        try (var application = start(POSTGRES.database().url(), "--latchkey.session-timeout=3s")) {
            HikariDataSource pool = application.getBean(HikariDataSource.class);
            List<Connection> taken = new ArrayList<>();
            for (int i = 0; i < pool.getMaximumPoolSize(); i++) {
                Connection connection = pool.getConnection();
                connection.setAutoCommit(false);
                connection.createStatement().execute("SELECT 1");
                taken.add(connection);
            }
            assertThatThrownBy(pool::getConnection).hasMessageContaining("not available");
            LatchkeyLockRegistry registry = application.getBean(LatchkeyLockRegistry.class);
            registry.executeLocked("held", () -> {
                long until =
                        System.nanoTime() + Duration.ofSeconds(4).toNanos(); // longer than a lease that nobody renews
                while (System.nanoTime() < until) {
                    registry.executeLocked(
                            "other",
                            () -> assertThat(registry.obtain("other").isValid()).isTrue());
                    assertThat(registry.obtain("held").isValid()).isTrue();
                }
            });
            assertThat(application.getBean(Latchkey.class).state().name()).isEqualTo("CONNECTED");
            for (Connection connection : taken) {
                connection.close();
            }
        }
    }

    private static final String NOWHERE = "jdbc:postgresql://localhost:1/app?user=app&password=hush";

    @Test
    void start_withoutDatabase_failsInOneSentence(CapturedOutput output) {
        assertThatThrownBy(() -> start(
                        NOWHERE, "--spring.flyway.enabled=false", "--spring.integration.jdbc.initialize-schema=never"))
                .isNotNull();
        assertThat(output.getAll())
                .contains("APPLICATION FAILED TO START")
                .contains("Latchkey: the database at localhost:1/app cannot be reached")
                .doesNotContain("hush")
                .doesNotContain("\tat io.latchkey");
    }

    @Test
    void start_withoutDatabase_failsInOneSentence_thoughOthersAskItFirst(CapturedOutput output) {
        assertThatThrownBy(() -> start(NOWHERE)).isNotNull();
        assertThat(output.getAll())
                .contains("APPLICATION FAILED TO START")
                .contains("The database cannot be reached: Connection to localhost:1 refused")
                .doesNotContain("hush")
                .doesNotContain("\tat io.latchkey");
    }
}
