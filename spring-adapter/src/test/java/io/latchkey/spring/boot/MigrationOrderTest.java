package io.latchkey.spring.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.latchkey.Latchkey;
import io.latchkey.testkit.PostgresServer;
import io.latchkey.testkit.TestDatabase;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayMigrationStrategy;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * The client connects after the application's migrations, real ones: they install its schema, and it is told not to. Something
 * that asks for the client before anything else does not pull it forward.
 */
@Timeout(120)
class MigrationOrderTest {
    private final TestDatabase database = PostgresServer.shared().database();

    @AfterEach
    void drop() {
        database.close();
    }

    private ApplicationContextRunner application() {
        return new ApplicationContextRunner()
                .withUserConfiguration(Impatient.class)
                .withPropertyValues("spring.datasource.url=" + database.url(), "latchkey.initialize-schema=never");
    }

    /** User configuration, so its beans are made before those of Boot. */
    @Configuration(proxyBeanMethods = false)
    static class Impatient {
        @Bean
        String locks(Latchkey latchkey) {
            return latchkey.lock("early").tryAcquire().isPresent() ? "taken" : "held";
        }
    }

    @Test
    void withoutMigrations_theSchemaIsMissing() {
        application()
                .withConfiguration(
                        AutoConfigurations.of(DataSourceAutoConfiguration.class, LatchkeyAutoConfiguration.class))
                .run(context -> assertThat(context)
                        .getFailure()
                        .rootCause()
                        .hasMessageContaining("schema latchkey is missing"));
    }

    /** As docs/spring.md has it: with a history of its own, for the application's versions begin with 1 as well. */
    @Configuration(proxyBeanMethods = false)
    static class TwoHistories {
        @Bean
        FlywayMigrationStrategy migrations(DataSource dataSource) {
            return flyway -> {
                Flyway.configure()
                        .dataSource(dataSource)
                        .locations("classpath:io/latchkey/sql")
                        .table("latchkey_migrations")
                        .baselineOnMigrate(true)
                        .baselineVersion("0")
                        .load()
                        .migrate();
                flyway.migrate();
            };
        }
    }

    @Test
    void flyway_hasRunBefore() {
        database.execute("CREATE TABLE older_than_flyway ()");
        application()
                .withUserConfiguration(TwoHistories.class)
                .withConfiguration(AutoConfigurations.of(
                        DataSourceAutoConfiguration.class,
                        FlywayAutoConfiguration.class,
                        LatchkeyAutoConfiguration.class))
                .withPropertyValues("spring.flyway.baseline-on-migrate=true")
                .run(context -> assertThat(context).getBean("locks").isEqualTo("taken"));
    }

    @Test
    void liquibase_hasRunBefore() throws Exception {
        application()
                .withConfiguration(AutoConfigurations.of(
                        DataSourceAutoConfiguration.class,
                        LiquibaseAutoConfiguration.class,
                        LatchkeyAutoConfiguration.class))
                .withPropertyValues("spring.liquibase.change-log=classpath:/" + changeLog())
                .run(context -> assertThat(context).getBean("locks").isEqualTo("taken"));
    }

    /** Of the migrations that there are, as docs/spring.md has it. */
    private static String changeLog() throws IOException, URISyntaxException {
        String changeSets = migrations().stream()
                .map(file -> "  - changeSet:\n      id: " + file + "\n      author: latchkey\n      changes:\n"
                        + "        - sqlFile: { path: io/latchkey/sql/" + file + ", splitStatements: false }\n")
                .collect(Collectors.joining("", "databaseChangeLog:\n", ""));
        Path classes = Path.of(MigrationOrderTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Files.writeString(classes.resolve("latchkey-changelog.yaml"), changeSets);
        return "latchkey-changelog.yaml";
    }

    private static List<String> migrations() throws IOException {
        try (InputStream list = Objects.requireNonNull(
                MigrationOrderTest.class.getResourceAsStream("/io/latchkey/sql/migrations.txt"))) {
            return new String(list.readAllBytes(), UTF_8).lines().toList();
        }
    }
}
