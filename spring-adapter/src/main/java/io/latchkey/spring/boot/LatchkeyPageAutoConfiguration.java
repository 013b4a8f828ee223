package io.latchkey.spring.boot;

import io.latchkey.Latchkey;
import io.latchkey.spring.page.LatchkeyPage;
import io.latchkey.spring.page.LiveFeed;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.DispatcherServlet;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/** The page {@code /latchkey}, where {@code latchkey.page.enabled} is true in a web application on servlets. */
@AutoConfiguration(after = LatchkeyAutoConfiguration.class)
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({DispatcherServlet.class, SseEmitter.class, JsonMapper.class})
@ConditionalOnBean(Latchkey.class)
@ConditionalOnBooleanProperty("latchkey.page.enabled")
@EnableConfigurationProperties(LatchkeyPageProperties.class)
public final class LatchkeyPageAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    LiveFeed latchkeyLiveFeed(Latchkey latchkey, LatchkeyPageProperties page) {
        return new LiveFeed(latchkey, page.interval(), page.maxViewers(), page.maxRows());
    }

    @Bean
    @ConditionalOnMissingBean
    LatchkeyPage latchkeyPage(LiveFeed feed) {
        return new LatchkeyPage(feed, LatchkeyPage.html());
    }
}
