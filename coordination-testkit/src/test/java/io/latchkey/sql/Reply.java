package io.latchkey.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;

/** What a call answered: {@code latchkey.reply} without its incarnation. */
record Reply(String outcome, @Nullable Long token, @Nullable Long retryMs) {
    /** The token of a grant; fails if there was none. */
    long granted() {
        assertThat(outcome).isEqualTo("granted");
        assertThat(token).isNotNull();
        return token;
    }
}
