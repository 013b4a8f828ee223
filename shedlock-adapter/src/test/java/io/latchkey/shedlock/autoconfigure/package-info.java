@NullMarked
package io.latchkey.shedlock.autoconfigure;

import org.jspecify.annotations.NullMarked;
