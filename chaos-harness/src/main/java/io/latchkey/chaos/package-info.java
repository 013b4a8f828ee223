/** Worker processes under load, a nemesis, and a checker. */
@NullMarked
package io.latchkey.chaos;

import org.jspecify.annotations.NullMarked;
