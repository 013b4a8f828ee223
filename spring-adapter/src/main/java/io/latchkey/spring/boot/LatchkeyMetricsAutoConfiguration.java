package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.boot.LatchkeyMetricsProperties.Mode;
import io.latchkey.spring.observe.LatchkeyGauges;
import io.latchkey.spring.observe.LatchkeyMeters;
import io.latchkey.spring.observe.LockTag;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** Meters, where the application has a registry for them. */
@AutoConfiguration(
        after = LatchkeyAutoConfiguration.class,
        afterName = "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean({Latchkey.class, MeterRegistry.class})
@ConditionalOnBooleanProperty(name = "latchkey.metrics.enabled", matchIfMissing = true)
@EnableConfigurationProperties(LatchkeyMetricsProperties.class)
public final class LatchkeyMetricsAutoConfiguration {

    /** A listener of the client, which is made later. */
    @Bean
    @ConditionalOnMissingBean
    LatchkeyMeters latchkeyMeters(
            MeterRegistry registry,
            LatchkeyMetricsProperties metrics,
            LatchkeyProperties properties,
            ObjectProvider<LockTag> own) {
        return new LatchkeyMeters(registry, own.getIfAvailable(() -> tag(metrics, properties.namespace())));
    }

    private static @Nullable LockTag tag(LatchkeyMetricsProperties metrics, String namespace) {
        if (metrics.lockTag() == Mode.NONE) {
            return null;
        }
        LockTag tag = metrics.lockTag() == Mode.GROUP ? LockTag.group(namespace) : lock -> lock;
        return tag.limitedTo(metrics.maxLockTags());
    }

    @Bean
    @ConditionalOnMissingBean
    LatchkeyGauges latchkeyGauges(Latchkey latchkey) {
        return new LatchkeyGauges(latchkey);
    }
}
