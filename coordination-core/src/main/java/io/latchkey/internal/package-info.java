/** Not for use from outside; changes without notice. */
@NullMarked
package io.latchkey.internal;

import org.jspecify.annotations.NullMarked;
