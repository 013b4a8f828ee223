/** Models of what must always hold, checked exhaustively. */
@NullMarked
package io.latchkey.model;

import org.jspecify.annotations.NullMarked;
