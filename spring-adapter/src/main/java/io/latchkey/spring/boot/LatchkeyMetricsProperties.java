package io.latchkey.spring.boot;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What is measured.
 *
 * @param enabled Whether to keep meters, where the application has a meter registry.
 * @param lockTag Whether meters have a tag 'lock', and what it says.
 * @param maxLockTags How many different values the tag 'lock' has at the most; all locks that come later are 'other'.
 */
@ConfigurationProperties("latchkey.metrics")
public record LatchkeyMetricsProperties(
        @DefaultValue("true") boolean enabled,
        @DefaultValue("none") Mode lockTag,
        @DefaultValue("100") int maxLockTags) {

    /** The values of the tag {@code lock}. */
    public enum Mode {
        /** There is no such tag: all locks together. */
        NONE,
        /** What stands before the first '/' or ':' of the lock's name. */
        GROUP,
        /** The name of the lock. */
        NAME
    }
}
