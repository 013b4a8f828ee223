package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.EnableLatchkey;
import io.latchkey.spring.TransactionFence;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** {@code @Locked} and {@code @LeaderOnly}, and the fence for the transactions of their methods. */
@AutoConfiguration(after = LatchkeyAutoConfiguration.class)
@ConditionalOnBean(Latchkey.class)
@EnableLatchkey
public final class LatchkeyMethodsAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    @ConditionalOnClass(name = "org.springframework.jdbc.datasource.DataSourceUtils")
    TransactionFence latchkeyTransactionFence(ApplicationDatabase database) {
        return new TransactionFence(database.dataSource());
    }
}
