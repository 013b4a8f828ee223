package io.latchkey.spring.page;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A lock that has another holder than at the last look.
 *
 * @param number counts all changes
 * @param lock its name
 * @param from who had it, or null: it was free
 * @param to who has it, or null: it is free
 * @param at when it was granted, or seen to be free
 */
record Change(
        long number,
        String lock,
        @Nullable String from,
        @Nullable String to,
        Instant at) {}
