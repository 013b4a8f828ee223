package io.latchkey.spring.page;

import io.latchkey.Latchkey;
import io.latchkey.testkit.TestDatabase;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Configuration;

/** A Boot application on a free port, with the page. */
final class PageApplication implements AutoCloseable {
    private final ServletWebServerApplicationContext context;

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {}

    PageApplication(TestDatabase database, Class<?> more, String... properties) {
        List<String> all = new ArrayList<>(List.of(
                "server.port=0",
                "spring.main.banner-mode=off",
                "spring.flyway.enabled=false",
                "spring.liquibase.enabled=false",
                "spring.datasource.url=" + database.url(),
                "latchkey.holder=page",
                "latchkey.page.enabled=true",
                "latchkey.page.interval=100ms",
                "management.endpoints.web.exposure.include=latchkey"));
        all.addAll(List.of(properties));
        this.context = (ServletWebServerApplicationContext) new SpringApplicationBuilder(Application.class, more)
                .web(WebApplicationType.SERVLET)
                .properties(all.toArray(String[]::new))
                .run();
    }

    PageApplication(TestDatabase database, String... properties) {
        this(database, Application.class, properties);
    }

    URI uri(String path) {
        return URI.create("http://localhost:"
                + Objects.requireNonNull(context.getWebServer()).getPort() + path);
    }

    <T> T bean(Class<T> type) {
        return context.getBean(type);
    }

    Latchkey latchkey() {
        return bean(Latchkey.class);
    }

    @Override
    public void close() {
        context.close();
    }
}
