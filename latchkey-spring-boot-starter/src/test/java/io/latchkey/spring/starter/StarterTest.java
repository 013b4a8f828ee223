package io.latchkey.spring.starter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.latchkey.Latchkey;
import io.latchkey.spring.CurrentLease;
import io.latchkey.spring.LeaderOnly;
import io.latchkey.spring.Locked;
import io.latchkey.spring.TransactionFence;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.util.ClassUtils;

/** A plain application with one dependency and the URL of its data source: nothing else is on the class path, nothing is written. */
@Timeout(120)
class StarterTest {
    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @EnableScheduling
    @Import(Shop.class)
    static class Application {}

    static class Shop {
        private final JdbcTemplate jdbc;
        private final TransactionFence fence;
        private final CountDownLatch billed = new CountDownLatch(1);

        Shop(JdbcTemplate jdbc, TransactionFence fence) {
            this.jdbc = jdbc;
            this.fence = fence;
        }

        @Locked(name = "'order:' + #order", waitFor = "10s")
        @Transactional
        public long ship(int order) {
            fence.fence(CurrentLease.get());
            jdbc.update("INSERT INTO shipped VALUES (?)", order);
            return CurrentLease.get().fencingToken();
        }

        @Scheduled(fixedDelay = 50)
        @LeaderOnly("billing")
        public void bill() {
            billed.countDown();
        }

        public boolean hasBilled() {
            return billed.getCount() == 0;
        }
    }

    @Test
    void oneDependency_isEnough() {
        assertThat(ClassUtils.isPresent("org.springframework.integration.support.locks.LockRegistry", null))
                .as("Spring Integration, which this application does not have")
                .isFalse();
        try (TestDatabase database = PostgresServer.shared().database()) {
            database.execute("CREATE TABLE shipped (number integer)");
            try (var application = SpringApplication.run(
                    Application.class,
                    "--spring.datasource.url=" + database.url(),
                    "--spring.application.name=shop",
                    "--spring.main.banner-mode=off")) {
                Shop shop = application.getBean(Shop.class);
                assertThat(shop.ship(42)).isLessThan(shop.ship(42));
                assertThat(application
                                .getBean(JdbcTemplate.class)
                                .queryForObject("SELECT count(*) FROM shipped", Long.class))
                        .isEqualTo(2);
                await().atMost(Duration.ofSeconds(20)).until(shop::hasBilled);
                assertThat(application
                                .getBean(Latchkey.class)
                                .election("billing")
                                .leader()
                                .orElseThrow()
                                .metadata())
                        .startsWith("application=shop, host=");
            }
        }
    }
}
