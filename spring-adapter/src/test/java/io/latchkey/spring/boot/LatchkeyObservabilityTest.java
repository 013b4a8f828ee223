package io.latchkey.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.spring.observe.LatchkeyEndpoint;
import io.latchkey.spring.observe.LatchkeyGauges;
import io.latchkey.spring.observe.LatchkeyMeters;
import io.latchkey.spring.observe.LatchkeyObservations;
import io.latchkey.spring.observe.LockTag;
import io.latchkey.spring.page.LatchkeyPage;
import io.latchkey.testkit.PostgresExtension;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.context.runner.WebApplicationContextRunner;

/** Each condition of the endpoint, the meters, the observations and the page, both ways. */
class LatchkeyObservabilityTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private static final AutoConfigurations ALL = AutoConfigurations.of(
            DataSourceAutoConfiguration.class,
            LatchkeyAutoConfiguration.class,
            LatchkeyEndpointAutoConfiguration.class,
            LatchkeyMetricsAutoConfiguration.class,
            LatchkeyObservationAutoConfiguration.class,
            LatchkeyPageAutoConfiguration.class);

    private static final String EXPOSED = "management.endpoints.web.exposure.include=latchkey";

    private static ApplicationContextRunner plain() {
        return new ApplicationContextRunner()
                .withConfiguration(ALL)
                .withPropertyValues(
                        "spring.datasource.url=" + POSTGRES.database().url());
    }

    private static WebApplicationContextRunner web() {
        return new WebApplicationContextRunner()
                .withConfiguration(ALL)
                .withPropertyValues(
                        "spring.datasource.url=" + POSTGRES.database().url());
    }

    @Test
    void endpoint_isThere_whereItIsExposed() {
        plain().withPropertyValues(EXPOSED).run(context -> assertThat(context).hasSingleBean(LatchkeyEndpoint.class));
        plain().run(context -> assertThat(context).doesNotHaveBean(LatchkeyEndpoint.class));
        plain().withPropertyValues(EXPOSED, "management.endpoint.latchkey.access=NONE")
                .run(context -> assertThat(context).doesNotHaveBean(LatchkeyEndpoint.class));
        plain().withPropertyValues(EXPOSED, "latchkey.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LatchkeyEndpoint.class));
        plain().withClassLoader(new FilteredClassLoader(Endpoint.class))
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(Latchkey.class));
    }

    @Test
    void meters_areThere_whereThereIsARegistry() {
        plain().withBean(SimpleMeterRegistry.class).run(context -> {
            assertThat(context).hasSingleBean(LatchkeyMeters.class).hasSingleBean(LatchkeyGauges.class);
            try (Lease lease = context.getBean(Latchkey.class).lock("measured").acquire()) {
                assertThat(lease.isValid()).isTrue();
            }
            assertThat(context.getBean(MeterRegistry.class)
                            .get("latchkey.hold")
                            .timer()
                            .count())
                    .isEqualTo(1); // the client was built with the listener
        });
        plain().run(context -> assertThat(context).doesNotHaveBean(LatchkeyMeters.class));
        plain().withBean(SimpleMeterRegistry.class)
                .withPropertyValues("latchkey.metrics.enabled=false")
                .run(context -> assertThat(context).doesNotHaveBean(LatchkeyMeters.class));
        plain().withClassLoader(new FilteredClassLoader(MeterRegistry.class))
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(Latchkey.class));
    }

    @Test
    void lockTag_isThatOfTheProperty_orOfABean() {
        plain().withBean(SimpleMeterRegistry.class)
                .withPropertyValues("latchkey.metrics.lock-tag=group", "latchkey.namespace=shop")
                .run(context -> assertThat(tagOf(context.getBean(Latchkey.class), context.getBean(MeterRegistry.class)))
                        .isEqualTo("orders"));
        plain().withBean(SimpleMeterRegistry.class)
                .withPropertyValues("latchkey.metrics.lock-tag=name")
                .run(context -> assertThat(tagOf(context.getBean(Latchkey.class), context.getBean(MeterRegistry.class)))
                        .isEqualTo("shop/orders/42"));
        plain().withBean(SimpleMeterRegistry.class)
                .withBean(LockTag.class, () -> lock -> "mine")
                .run(context -> assertThat(tagOf(context.getBean(Latchkey.class), context.getBean(MeterRegistry.class)))
                        .isEqualTo("mine"));
    }

    private static String tagOf(Latchkey latchkey, MeterRegistry registry) throws InterruptedException {
        latchkey.lock("shop/orders/42").acquire().release();
        return registry.get("latchkey.hold").timer().getId().getTag("lock") + "";
    }

    @Test
    void observations_areThere_whereThereIsARegistry() {
        plain().withBean(ObservationRegistry.class, TestObservationRegistry::create)
                .run(context -> assertThat(context).hasSingleBean(LatchkeyObservations.class));
        plain().run(context -> assertThat(context).doesNotHaveBean(LatchkeyObservations.class));
        plain().withClassLoader(new FilteredClassLoader(ObservationRegistry.class))
                .run(context -> assertThat(context).hasNotFailed().hasSingleBean(Latchkey.class));
    }

    @Test
    void page_isThere_inAWebApplicationThatAsksForIt() {
        String asked = "latchkey.page.enabled=true";
        web().withPropertyValues(asked).run(context -> assertThat(context).hasSingleBean(LatchkeyPage.class));
        web().run(context -> assertThat(context).doesNotHaveBean(LatchkeyPage.class));
        plain().withPropertyValues(asked)
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LatchkeyPage.class));
        web().withPropertyValues(asked, "latchkey.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LatchkeyPage.class));
        web().withPropertyValues(asked)
                .withClassLoader(new FilteredClassLoader("org.springframework.web.servlet"))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LatchkeyPage.class));
    }

    @Test
    void page_withImpossibleSettings_saysWhichArePossible() {
        web().withPropertyValues("latchkey.page.enabled=true", "latchkey.page.interval=1ms")
                .run(context -> assertThat(context)
                        .hasFailed()
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("interval is 50ms or more"));
    }
}
