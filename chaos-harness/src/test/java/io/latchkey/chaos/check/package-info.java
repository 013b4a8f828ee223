@NullMarked
package io.latchkey.chaos.check;

import org.jspecify.annotations.NullMarked;
