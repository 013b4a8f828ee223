package io.latchkey.examples.shop;

import io.latchkey.testkit.ParentChannel;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.scheduling.annotation.EnableScheduling;

/** One instance: an ordinary Spring Boot application. {@link ShopMain} starts two. */
@SpringBootApplication
@EnableScheduling
class ShopApplication {
    /**
     * Runs an instance, until its parent ends.
     *
     * @param args the URL of the database, the port (0 for any), and the name of the instance
     */
    public static void main(String[] args) {
        ParentChannel parent = ParentChannel.open();
        new SpringApplicationBuilder(ShopApplication.class)
                .initializers(context -> context.getBeanFactory().registerSingleton("parent", parent))
                .properties("spring.datasource.url=" + args[0], "server.port=" + args[1], "latchkey.holder=" + args[2])
                .run();
    }

    @Bean
    ApplicationListener<WebServerInitializedEvent> ready(ParentChannel parent) {
        return event -> parent.send("READY " + event.getWebServer().getPort());
    }
}
