@NullMarked
package io.latchkey.chaos.history;

import org.jspecify.annotations.NullMarked;
