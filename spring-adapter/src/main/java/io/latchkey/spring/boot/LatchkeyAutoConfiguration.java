package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.SchemaMode;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.spring.LockNames;
import io.latchkey.spring.boot.LatchkeyProperties.InitializeSchema;
import javax.sql.DataSource;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.PropertyMapper;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * From the application's data source to a ready {@link Latchkey}: after the data source, and after Flyway and Liquibase have done
 * their work. Backs off for a {@code Latchkey} bean of the application's own, and where there is no data source.
 */
@AutoConfiguration(
        afterName = {
            "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
            "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration",
            "org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration"
        })
@ConditionalOnBooleanProperty(name = "latchkey.enabled", matchIfMissing = true)
@EnableConfigurationProperties(LatchkeyProperties.class)
public final class LatchkeyAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    LockNames latchkeyLockNames(LatchkeyProperties properties) {
        return LockNames.in(properties.namespace());
    }

    @Bean
    ApplicationDatabase latchkeyDatabase(
            LatchkeyProperties properties,
            ListableBeanFactory beans,
            @LatchkeyDataSource ObjectProvider<DataSource> marked,
            ObjectProvider<DataSource> all) {
        return new ApplicationDatabase(properties, beans, marked, all);
    }

    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    @Conditional(OnDatabase.class)
    @DependsOnDatabaseInitialization
    Latchkey latchkey(
            LatchkeyProperties properties,
            ApplicationDatabase database,
            ObjectProvider<LatchkeyEvents> events,
            ObjectProvider<LatchkeyBuilderCustomizer> customizers) {
        LatchkeyBuilder builder = database.builder()
                .sessionTimeout(properties.sessionTimeout())
                .commandConnections(properties.commandConnections())
                .durability(properties.durability())
                .pollInterval(properties.pollInterval())
                .spin(properties.spin())
                .reaper(properties.reaper())
                .schema(
                        properties.initializeSchema() == InitializeSchema.ALWAYS
                                ? SchemaMode.INSTALL
                                : SchemaMode.CHECK);
        PropertyMapper map = PropertyMapper.get();
        map.from(properties::holder).to(builder::holder);
        map.from(properties::listenerUrl).to(builder::listenerUrl);
        events.orderedStream().forEach(builder::events);
        customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
        return builder.connect();
    }

    /** There is something to connect to. */
    static final class OnDatabase extends AnyNestedCondition {
        OnDatabase() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnBean(DataSource.class)
        static final class ADataSource {}

        @ConditionalOnProperty("latchkey.url")
        static final class AUrl {}
    }
}
