package io.latchkey.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.LatchkeyBuilder;
import io.latchkey.ReaperStatus.RunBy;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Who reaps: chosen by a property, told by the health. Each test has a database of its own, where nobody else reaps. */
@Timeout(60)
class ReaperPropertyTest {
    private final TestDatabase database = PostgresServer.shared().database();

    private final ApplicationContextRunner application = new ApplicationContextRunner()
            .withConfiguration(
                    AutoConfigurations.of(LatchkeyAutoConfiguration.class, LatchkeyHealthAutoConfiguration.class))
            .withPropertyValues("latchkey.url=" + database.url(), "latchkey.session-timeout=1s");

    @AfterEach
    void drop() {
        database.close();
    }

    private static Health health(AssertableApplicationContext context) {
        return Objects.requireNonNull(context.getBean("latchkeyHealthContributor", HealthIndicator.class)
                .health(true));
    }

    @Test
    void client_reapsAndHealthTellsSo() {
        application.withPropertyValues("latchkey.reaper=client").run(context -> {
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            RunBy.CLIENTS.equals(health(context).getDetails().get("reaper")));
            assertThat(health(context).getDetails().get("reaped")).asString().matches("\\d+ ms ago");
            assertThat(health(context).getDetails()).doesNotContainKey("reaperObstacle");
        });
    }

    @Test
    void none_isToldAsNobody_andIsHealthy() {
        application
                .withPropertyValues("latchkey.reaper=none")
                .run(context -> assertThat(health(context)).satisfies(health -> {
                    assertThat(health.getStatus()).isEqualTo(Status.UP);
                    assertThat(health.getDetails())
                            .containsEntry("reaper", RunBy.NOBODY)
                            .containsEntry("reaped", "never");
                }));
    }

    @Test
    void auto_tellsWhyPgCronIsNotUsed() {
        application.run(context -> assertThat(health(context).getDetails().get("reaperObstacle"))
                .asString()
                .contains("pg_cron"));
    }

    @Test
    void pgCron_whereThereIsNone_startsNothing() {
        application
                .withPropertyValues("latchkey.reaper=pg_cron")
                .run(context -> assertThat(context).getFailure().rootCause().hasMessageContaining("pg_cron"));
    }

    @Test
    void reaperThatCannotBeAsked_isUnknown_andHealthy() {
        application.withPropertyValues("latchkey.reaper=client").run(context -> {
            database.execute("DROP FUNCTION latchkey.reaper_status()");
            Health health = health(context);
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails().get("reaper")).asString().startsWith("unknown: ");
        });
    }

    /** So that no option is forgotten when the builder gets another. */
    @Test
    void everyOptionOfTheBuilder_isAProperty() {
        Set<String> properties = Arrays.stream(LatchkeyProperties.class.getRecordComponents())
                .map(RecordComponent::getName)
                .collect(Collectors.toSet());
        assertThat(Arrays.stream(LatchkeyBuilder.class.getMethods())
                        .filter(method -> method.getReturnType() == LatchkeyBuilder.class)
                        .map(Method::getName)
                        .filter(name -> !name.equals("events")) // beans
                        .map(name -> name.equals("schema") ? "initializeSchema" : name))
                .isNotEmpty()
                .allMatch(properties::contains);
    }
}
