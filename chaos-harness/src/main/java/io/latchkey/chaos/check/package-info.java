/** The properties, each judged on a history alone. */
@NullMarked
package io.latchkey.chaos.check;

import org.jspecify.annotations.NullMarked;
