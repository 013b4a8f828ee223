/** Extension points: what others may implement. */
@NullMarked
package io.latchkey.spi;

import org.jspecify.annotations.NullMarked;
