package io.latchkey.shedlock.autoconfigure;

import io.latchkey.Latchkey;
import io.latchkey.shedlock.LatchkeyLockProvider;
import io.latchkey.shedlock.LatchkeyLockProviderBuilder;
import io.latchkey.shedlock.LostLockAction;
import java.time.Duration;
import net.javacrumbs.shedlock.core.LockProvider;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/**
 * A {@link LatchkeyLockProvider} for applications that have a {@link Latchkey} client and no lock provider of their own. It is closed
 * before the client.
 */
@AutoConfiguration(afterName = "io.latchkey.spring.boot.LatchkeyAutoConfiguration")
@ConditionalOnClass(LockProvider.class)
@ConditionalOnBean(Latchkey.class)
@ConditionalOnMissingBean(LockProvider.class)
@EnableConfigurationProperties(LatchkeyShedLockProperties.class)
public class LatchkeyShedLockAutoConfiguration {
    /** For Spring. */
    public LatchkeyShedLockAutoConfiguration() {}

    /** The lock provider. */
    @Bean
    public LatchkeyLockProvider latchkeyLockProvider(
            Latchkey latchkey, LatchkeyShedLockProperties properties, ObjectProvider<LostLockAction> whenLost) {
        LatchkeyLockProviderBuilder builder = LatchkeyLockProvider.builder(latchkey)
                .keepAlive(properties.keepAlive())
                .whenLost(whenLost.getIfAvailable(properties.whenLost()::action))
                .waitAtMostFor(properties.waitAtMostFor());
        Duration patience = properties.releaseOnClose();
        if (patience != null) {
            builder.releaseOnClose(patience);
        }
        return builder.build();
    }
}
