package io.latchkey.shedlock.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.shedlock.LatchkeyLock;
import io.latchkey.shedlock.LatchkeyLockProvider;
import io.latchkey.shedlock.LostLockAction;
import io.latchkey.testkit.PostgresExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import net.javacrumbs.shedlock.core.LockConfiguration;
import net.javacrumbs.shedlock.core.LockProvider;
import net.javacrumbs.shedlock.core.SimpleLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** When Spring Boot offers the lock provider, and with which properties. */
class AutoConfigurationTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    private final ApplicationContextRunner bare = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(LatchkeyShedLockAutoConfiguration.class));
    private final ApplicationContextRunner runner = bare.withBean(
            Latchkey.class, () -> Latchkey.connect(POSTGRES.database().url()));

    private static LockConfiguration minute(String job) {
        return new LockConfiguration(Instant.now(), job, Duration.ofMinutes(1), Duration.ZERO);
    }

    @Test
    void withLatchkeyAndNoProvider_offersOurs() {
        runner.run(context -> {
            assertThat(context).hasSingleBean(LockProvider.class).hasSingleBean(LatchkeyLockProvider.class);
            SimpleLock lock =
                    context.getBean(LockProvider.class).lock(minute("boot")).orElseThrow();
            assertThat(LatchkeyLock.current().name()).isEqualTo("boot");
            lock.unlock();
        });
    }

    @Test
    void withProviderOfTheUser_staysAway() {
        runner.withBean(LockProvider.class, () -> configuration -> Optional.empty())
                .run(context -> assertThat(context)
                        .hasSingleBean(LockProvider.class)
                        .doesNotHaveBean(LatchkeyLockProvider.class));
    }

    @Test
    void withoutLatchkey_orWithoutShedLock_staysAway() {
        bare.run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(LockProvider.class));
        runner.withClassLoader(new FilteredClassLoader(LockProvider.class))
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("latchkeyLockProvider"));
    }

    @Test
    void properties_areHeard() {
        runner.withPropertyValues(
                        "latchkey.shedlock.keep-alive=true",
                        "latchkey.shedlock.wait-at-most-for=20s",
                        "latchkey.shedlock.when-lost=interrupt",
                        "latchkey.shedlock.release-on-close=10ms")
                .run(context -> {
                    LatchkeyLockProvider provider = context.getBean(LatchkeyLockProvider.class);
                    assertThat(provider.lock(minute("closed with the application")))
                            .isPresent();
                    provider.close();
                    assertThat(Thread.interrupted()).isTrue();
                    assertThat(LatchkeyLock.current().isValid()).isFalse();
                });
    }

    @Test
    void actionOfTheUser_winsOverTheProperty() {
        AtomicInteger told = new AtomicInteger();
        runner.withBean(LostLockAction.class, () -> lock -> told.incrementAndGet())
                .withPropertyValues("latchkey.shedlock.when-lost=interrupt", "latchkey.shedlock.release-on-close=0s")
                .run(context -> assertThat(context.getBean(LockProvider.class).lock(minute("told")))
                        .isPresent());
        assertThat(told).hasValue(1); // when the context was closed, and the provider with it
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void imports_nameTheAutoConfiguration() throws Exception {
        try (var imports = getClass()
                .getResourceAsStream(
                        "/META-INF/spring/org.springframework.boot.autoconfigure.AutoConfiguration.imports")) {
            assertThat(imports)
                    .asString(java.nio.charset.StandardCharsets.UTF_8)
                    .isEqualToIgnoringNewLines(LatchkeyShedLockAutoConfiguration.class.getName());
        }
    }
}
