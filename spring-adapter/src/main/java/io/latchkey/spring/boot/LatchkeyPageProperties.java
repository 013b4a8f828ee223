package io.latchkey.spring.boot;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The page that shows the locks.
 *
 * @param enabled Whether to serve it. It shows names of locks and hosts to whoever may open it: secure its path.
 * @param path Where to serve it.
 * @param interval How often to read the database while somebody watches.
 * @param maxViewers How many may watch at the same moment.
 * @param maxRows How many locks, waiters and clients to show at the most, each.
 */
@ConfigurationProperties("latchkey.page")
public record LatchkeyPageProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue("/latchkey") String path,
        @DefaultValue("1s") Duration interval,
        @DefaultValue("10") int maxViewers,
        @DefaultValue("200") int maxRows) {}
