package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.LatchkeyLockRegistry;
import io.latchkey.spring.LockNames;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.integration.support.locks.LockRegistry;

/** A lock registry, where Spring Integration is on the class path and the application has none. */
@AutoConfiguration(after = LatchkeyAutoConfiguration.class)
@ConditionalOnClass(LockRegistry.class)
@ConditionalOnBean(Latchkey.class)
public final class LatchkeyIntegrationAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean(LockRegistry.class)
    LatchkeyLockRegistry latchkeyLockRegistry(Latchkey latchkey, LockNames names, ApplicationDatabase database) {
        return new LatchkeyLockRegistry(latchkey, names, database.dataSource());
    }
}
