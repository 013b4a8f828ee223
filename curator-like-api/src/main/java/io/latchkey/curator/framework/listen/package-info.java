/** Listeners. */
@NullMarked
package io.latchkey.curator.framework.listen;

import org.jspecify.annotations.NullMarked;
