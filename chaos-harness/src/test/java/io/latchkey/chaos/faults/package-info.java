@NullMarked
package io.latchkey.chaos.faults;

import org.jspecify.annotations.NullMarked;
