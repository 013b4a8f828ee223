/** Latchkey as a lock provider for ShedLock. Start with {@link io.latchkey.shedlock.LatchkeyLockProvider}. */
@NullMarked
package io.latchkey.shedlock;

import org.jspecify.annotations.NullMarked;
