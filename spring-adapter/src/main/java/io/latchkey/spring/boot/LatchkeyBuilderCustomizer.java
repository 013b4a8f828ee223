package io.latchkey.spring.boot;

import io.latchkey.LatchkeyBuilder;

/** A bean that has the last word on how the auto-configured client is built. */
@FunctionalInterface
public interface LatchkeyBuilderCustomizer {
    /** Changes the builder, which has the values of the properties. */
    void customize(LatchkeyBuilder builder);
}
