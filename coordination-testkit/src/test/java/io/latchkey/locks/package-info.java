/** Locks through the Java client. */
@NullMarked
package io.latchkey.locks;

import org.jspecify.annotations.NullMarked;
