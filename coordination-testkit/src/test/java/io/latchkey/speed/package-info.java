/** How fast it is, measured and not tested: {@code ./speed}. */
@NullMarked
package io.latchkey.speed;

import org.jspecify.annotations.NullMarked;
