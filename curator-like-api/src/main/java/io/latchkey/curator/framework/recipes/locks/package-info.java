/** Locks and semaphores. */
@NullMarked
package io.latchkey.curator.framework.recipes.locks;

import org.jspecify.annotations.NullMarked;
