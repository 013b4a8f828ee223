@NullMarked
package io.latchkey.chaos;

import org.jspecify.annotations.NullMarked;
