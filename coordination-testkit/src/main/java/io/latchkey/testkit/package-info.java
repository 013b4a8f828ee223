/**
 * Real PostgreSQL servers for tests, and tools that break them: crashes, stopped processes, promotions, bad networks.
 *
 * <p>Start with {@link io.latchkey.testkit.PostgresServer#shared()}.
 */
@NullMarked
package io.latchkey.testkit;

import org.jspecify.annotations.NullMarked;
