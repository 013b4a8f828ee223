/** Measures what is package-private in core. */
@NullMarked
package io.latchkey.internal;

import org.jspecify.annotations.NullMarked;
