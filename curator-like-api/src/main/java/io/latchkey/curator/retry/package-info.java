/** Retry policies. */
@NullMarked
package io.latchkey.curator.retry;

import org.jspecify.annotations.NullMarked;
