package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.observe.LatchkeyEndpoint;
import org.springframework.boot.actuate.autoconfigure.endpoint.condition.ConditionalOnAvailableEndpoint;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The actuator's endpoint {@code latchkey}, where {@code management.endpoints.web.exposure.include} lets it out. */
@AutoConfiguration(after = LatchkeyAutoConfiguration.class)
@ConditionalOnClass({Endpoint.class, ConditionalOnAvailableEndpoint.class})
@ConditionalOnAvailableEndpoint(LatchkeyEndpoint.class)
@ConditionalOnBean(Latchkey.class)
public final class LatchkeyEndpointAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    LatchkeyEndpoint latchkeyEndpoint(Latchkey latchkey) {
        return new LatchkeyEndpoint(latchkey);
    }
}
