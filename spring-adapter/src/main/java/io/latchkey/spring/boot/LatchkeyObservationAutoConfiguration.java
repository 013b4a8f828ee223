package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.observe.LatchkeyObservations;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** Observations, for tracing, where the application has a registry for them; {@code management.observations.enable.latchkey=false} ends them. */
@AutoConfiguration(
        after = LatchkeyAutoConfiguration.class,
        afterName = "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnClass(ObservationRegistry.class)
@ConditionalOnBean({Latchkey.class, ObservationRegistry.class})
public final class LatchkeyObservationAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    LatchkeyObservations latchkeyObservations(ObservationRegistry registry) {
        return new LatchkeyObservations(registry);
    }
}
