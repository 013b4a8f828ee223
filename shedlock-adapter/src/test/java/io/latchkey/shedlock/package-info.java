@NullMarked
package io.latchkey.shedlock;

import org.jspecify.annotations.NullMarked;
