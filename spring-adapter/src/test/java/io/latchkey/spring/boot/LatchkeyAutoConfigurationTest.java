package io.latchkey.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import io.latchkey.Latchkey;
import io.latchkey.spi.LatchkeyEvents;
import io.latchkey.spring.LatchkeyLockRegistry;
import io.latchkey.spring.LockNames;
import io.latchkey.spring.Locked;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.integration.support.locks.DefaultLockRegistry;
import org.springframework.integration.support.locks.LockRegistry;
import org.springframework.jdbc.datasource.AbstractDataSource;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;

/** Each condition of the auto-configuration, both ways. */
class LatchkeyAutoConfigurationTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final ApplicationContextRunner empty = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataSourceAutoConfiguration.class,
                    LatchkeyAutoConfiguration.class,
                    LatchkeyIntegrationAutoConfiguration.class,
                    LatchkeyMethodsAutoConfiguration.class,
                    LatchkeyHealthAutoConfiguration.class));

    private static String url() {
        return POSTGRES.database().url();
    }

    private ApplicationContextRunner withDataSource() {
        return empty.withPropertyValues("spring.datasource.url=" + url());
    }

    /** Public: a proxy of another class loader extends it. */
    @Configuration(proxyBeanMethods = false)
    public static class Guarded {
        @Locked(name = "'guarded'")
        public void work() {}
    }

    @Test
    void application_withDataSource_hasLocksMethodsAndHealth() {
        withDataSource().withUserConfiguration(Guarded.class).run(context -> {
            assertThat(context).hasSingleBean(Latchkey.class).hasSingleBean(LatchkeyLockRegistry.class);
            LatchkeyLockRegistry registry = context.getBean(LatchkeyLockRegistry.class);
            assertThat(registry.<Boolean, RuntimeException>executeLocked(
                            "boot", () -> registry.obtain("boot").isValid()))
                    .isTrue();
            assertThat(context.getBean(Guarded.class).getClass()).isNotEqualTo(Guarded.class);
            Health health = health(context.getBean("latchkeyHealthContributor"));
            assertThat(health.getStatus()).isEqualTo(Status.UP);
            assertThat(health.getDetails())
                    .containsEntry("connected", true)
                    .containsKeys("session", "wakeUps", "holder", "oldestTransaction", "notificationQueue");
        });
    }

    private static Health health(Object indicator) {
        Health health = ((HealthIndicator) indicator).health(true);
        assertThat(health).isNotNull();
        return java.util.Objects.requireNonNull(health);
    }

    @Test
    void application_withoutDataSource_hasNone() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        LatchkeyAutoConfiguration.class,
                        LatchkeyIntegrationAutoConfiguration.class,
                        LatchkeyMethodsAutoConfiguration.class,
                        LatchkeyHealthAutoConfiguration.class))
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(Latchkey.class)
                        .doesNotHaveBean(LatchkeyLockRegistry.class)
                        .doesNotHaveBean("latchkeyHealthContributor"));
    }

    @Test
    void application_withAUrl_needsNoDataSource() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(LatchkeyAutoConfiguration.class))
                .withPropertyValues("latchkey.url=" + url())
                .run(context -> assertThat(context).hasSingleBean(Latchkey.class));
    }

    @Test
    void enabledFalse_turnsAllOff() {
        withDataSource()
                .withPropertyValues("latchkey.enabled=false")
                .run(context -> assertThat(context)
                        .hasNotFailed()
                        .doesNotHaveBean(Latchkey.class)
                        .doesNotHaveBean(LatchkeyLockRegistry.class));
    }

    @Test
    void healthDisabled_hasNoContributor() {
        withDataSource()
                .withPropertyValues("management.health.latchkey.enabled=false")
                .run(context ->
                        assertThat(context).hasSingleBean(Latchkey.class).doesNotHaveBean("latchkeyHealthContributor"));
    }

    @Test
    void withoutSpringIntegrationAndJdbc_thereAreLocksAllTheSame() {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        LatchkeyAutoConfiguration.class,
                        LatchkeyIntegrationAutoConfiguration.class,
                        LatchkeyMethodsAutoConfiguration.class))
                .withClassLoader(new FilteredClassLoader(
                        "org.springframework.integration", "org.springframework.boot.jdbc", "org.springframework.jdbc"))
                .withBean(DataSource.class, () -> POSTGRES.database().dataSource())
                .withUserConfiguration(Guarded.class)
                .run(context -> {
                    assertThat(context)
                            .hasSingleBean(Latchkey.class)
                            .doesNotHaveBean("latchkeyLockRegistry")
                            .doesNotHaveBean("latchkeyTransactionFence");
                    context.getBean(Guarded.class).work();
                });
    }

    @Test
    void beansOfTheApplication_comeFirst() {
        Latchkey own = Latchkey.builder(url()).holder("own").connect();
        withDataSource()
                .withBean("mine", Latchkey.class, () -> own)
                .withBean(LockRegistry.class, DefaultLockRegistry::new)
                .withBean(LockNames.class, () -> key -> "mine/" + key)
                .withBean(
                        "latchkeyHealthContributor",
                        HealthIndicator.class,
                        () -> () -> Health.up().build())
                .run(context -> {
                    assertThat(context.getBean(Latchkey.class)).isSameAs(own);
                    assertThat(context).doesNotHaveBean(LatchkeyLockRegistry.class);
                    assertThat(context.getBean(LockNames.class).nameOf("x")).isEqualTo("mine/x");
                    assertThat(context.getBeansOfType(HealthIndicator.class)).hasSize(1);
                });
    }

    @Test
    void severalDataSources_andNonePrimary_isOneSentence() {
        empty.withUserConfiguration(TwoDataSources.class)
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("several data sources")
                        .hasMessageContaining("latchkey.data-source"));
    }

    @Test
    void severalDataSources_areChosenByNameOrMark() {
        empty.withUserConfiguration(TwoDataSources.class)
                .withPropertyValues("latchkey.data-source=right")
                .run(context -> assertThat(context).hasSingleBean(Latchkey.class));
        empty.withUserConfiguration(TwoDataSources.class, Marked.class)
                .run(context -> assertThat(context).hasSingleBean(Latchkey.class));
    }

    @Configuration(proxyBeanMethods = false)
    static class TwoDataSources {
        @Bean
        DataSource wrong() {
            return new HidesEverything();
        }

        @Bean
        DataSource right() {
            return POSTGRES.database().dataSource();
        }
    }

    @Configuration(proxyBeanMethods = false)
    static class Marked {
        @Bean
        @LatchkeyDataSource
        DataSource marked() {
            return POSTGRES.database().dataSource();
        }
    }

    /** A pool that tells nothing about itself: the client connects with what Boot made it from, and takes none of it. */
    @Test
    void dataSourceThatHidesItsUrl_isReplacedByTheConnectionDetails() {
        empty.withBean(DataSource.class, HidesEverything::new)
                .withBean(JdbcConnectionDetails.class, Details::new)
                .run(context -> assertThat(context).hasSingleBean(Latchkey.class));
    }

    /** Such as sslmode; here one that the server shows. */
    @Test
    void propertiesOfThePool_areThoseOfTheClientToo_alsoBehindAProxy() {
        withDataSource()
                .withPropertyValues("spring.datasource.hikari.data-source-properties.ApplicationName=of-the-pool")
                .run(context -> assertThat(sessionsOf("of-the-pool")).isPositive());
        empty.withBean(DataSource.class, () -> {
                    HikariDataSource pool = new HikariDataSource();
                    pool.setJdbcUrl(url());
                    pool.addDataSourceProperty("ApplicationName", "behind-a-proxy");
                    pool.setMaximumPoolSize(1);
                    return new LazyConnectionDataSourceProxy(pool);
                })
                .run(context -> {
                    assertThat(sessionsOf("behind-a-proxy")).isPositive();
                    try (var all = context.getBean(DataSource.class).getConnection()) {
                        all.createStatement().execute("SELECT 1"); // all of the pool is taken
                        assertThat(context.getBean(Latchkey.class).lock("lazy").tryAcquire())
                                .isPresent();
                    }
                });
    }

    private static int sessionsOf(String application) throws SQLException {
        try (Connection connection = POSTGRES.database().connect();
                var row = connection
                        .createStatement()
                        .executeQuery("SELECT count(*) FROM pg_stat_activity WHERE application_name = '" + application
                                + "' AND query LIKE '%latchkey%'")) {
            row.next();
            return row.getInt(1);
        }
    }

    private static final class HidesEverything extends AbstractDataSource {
        @Override
        public Connection getConnection() {
            throw new IllegalStateException("the application's pool is not to be touched");
        }

        @Override
        public Connection getConnection(String user, String password) {
            return getConnection();
        }
    }

    private static final class Details implements JdbcConnectionDetails {
        @Override
        public String getUsername() {
            return POSTGRES.database().address().user();
        }

        @Override
        public String getPassword() {
            return POSTGRES.database().address().password();
        }

        @Override
        public String getJdbcUrl() {
            return url();
        }
    }

    @Test
    void properties_reachTheClient() {
        List<Duration> renewals = new CopyOnWriteArrayList<>();
        withDataSource()
                .withPropertyValues(
                        "latchkey.holder=web-1", "latchkey.namespace=shop", "latchkey.session-timeout=600ms")
                .withBean(LatchkeyEvents.class, () -> new LatchkeyEvents() {
                    @Override
                    public void renewed(Duration roundTrip) {
                        renewals.add(roundTrip);
                    }
                })
                .withBean(LatchkeyBuilderCustomizer.class, () -> builder -> builder.holder("web-2"))
                .run(context -> {
                    assertThat(context.getBean(Latchkey.class).holder()).isEqualTo("web-2");
                    assertThat(context.getBean(LatchkeyLockRegistry.class)
                                    .obtain("cart")
                                    .name())
                            .isEqualTo("shop/cart");
                    org.awaitility.Awaitility.await().until(() -> !renewals.isEmpty());
                });
    }

    @Test
    void initializeSchemaNever_onlyLooks() {
        try (TestDatabase fresh = PostgresServer.shared().database()) {
            ApplicationContextRunner runner = empty.withPropertyValues("spring.datasource.url=" + fresh.url());
            runner.withPropertyValues("latchkey.initialize-schema=never")
                    .run(context -> assertThat(context)
                            .getFailure()
                            .rootCause()
                            .hasMessageContaining("schema latchkey is missing"));
            runner.run(context -> assertThat(context).hasNotFailed());
            runner.withPropertyValues("latchkey.initialize-schema=never")
                    .run(context -> assertThat(context).hasNotFailed());
        }
    }

    @Test
    void client_isClosedBeforeTheDataSource_andHasGivenEverythingBack() {
        Pool pool = new Pool();
        empty.withBean(DataSource.class, () -> pool).run(context -> {
            pool.client = context.getBean(Latchkey.class);
            assertThat(pool.client.lock("closing").tryAcquire()).isPresent();
            context.close();
            assertThat(pool.isClosed()).isTrue();
            assertThat(pool.clientWasClosed).isTrue();
        });
        try (Latchkey next = Latchkey.connect(url())) {
            assertThat(next.lock("closing").tryAcquire()).isPresent();
        }
    }

    private static final class Pool extends HikariDataSource {
        private @Nullable Latchkey client;
        private boolean clientWasClosed;

        Pool() {
            setJdbcUrl(url());
        }

        @Override
        public void close() {
            if (client != null) {
                try {
                    assertThat(client.lock("closing").tryAcquire()).isEmpty();
                } catch (IllegalStateException e) {
                    clientWasClosed = true;
                }
            }
            super.close();
        }
    }
}
